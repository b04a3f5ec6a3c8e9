import { Hono } from 'hono'
import { z } from 'zod'
import { assetUrl } from '../media/addresses.ts'
import { findClip, isOwnFile } from '../media/check-request.ts'
import { baseClip, VIDEO_RATIOS } from '../media/clips.ts'
import { writeMp4 } from '../media/mp4.ts'
import { postView } from '../media/post-view.ts'
import { servedFile } from '../media/put-files.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'

const MEDIA_TYPES = ['MEDIA_POST_TYPE_IMAGE', 'MEDIA_POST_TYPE_VIDEO'] as const
const DEFAULT_LIMIT = 40
const MAX_LIMIT = 100

const createSchema = z
  .object({
    mediaType: z.enum(MEDIA_TYPES),
    mediaUrl: z.string().default(''),
    prompt: z.string().default(''),
  })
  .refine(({ mediaUrl, prompt }) => mediaUrl !== '' || prompt !== '', 'prompt or mediaUrl is required')
const listSchema = z.object({
  limit: z.int().min(1).default(DEFAULT_LIMIT),
  cursor: z.string().default(''),
  filter: z.object({ source: z.string().optional() }).optional(),
})
const linkSchema = z.object({ postId: z.string(), source: z.string(), platform: z.string() })
const upscaleSchema = z.object({ videoId: z.string() })

/** Media posts (E6), share links (E7), upscaling (E8) and the media quota (E9), spec/upstream-media.md §7, §9.6, §9.7, §15.6. */
export function mediaPostRoutes(state: EmulatorState): Hono<ProductEnv> {
  const account = requireAccount(state)
  return new Hono<ProductEnv>()
    .post('/rest/media/post/create', account, (c) => createPost(state, c))
    .post('/rest/media/post/list', account, (c) => listPosts(state, c))
    .post('/rest/media/post/create-link', account, (c) => createLink(state, c))
    .post('/rest/media/video/upscale', account, (c) => upscale(state, c))
    .post('/rest/media/imagine/quota_info', account, (c) => c.json(quotaInfo(state, c)))
}

function createPost(state: EmulatorState, c: ProductContext): Response {
  const body = createSchema.safeParse(c.get('exchange').body)
  if (!body.success) return wrongBody(body.error)
  const account = c.get('account')
  const { mediaType, mediaUrl, prompt } = body.data
  const isForeign = mediaUrl.includes('users/') && !isOwnFile(state, account, mediaUrl)
  if (isForeign && state.behaviour.strictFiles) return serviceError(404, 5, 'Asset not found')
  const post = {
    postId: state.ids.next(),
    userId: account.userId,
    mediaType,
    prompt,
    mediaUrl,
    createdAt: state.clock.iso(),
    parentPostId: null,
    generation: null,
  }
  state.posts.put(post.postId, post)
  return c.json({ post: postView(state, post, originOf(c)) })
}

/** Newest first; posts that were made from another one stand in its `childPosts`. */
function listPosts(state: EmulatorState, c: ProductContext): Response {
  const body = listSchema.safeParse(c.get('exchange').body)
  if (!body.success) return wrongBody(body.error)
  const { limit, cursor } = body.data
  const { userId } = c.get('account')
  state.generations.settle()
  const own = state.posts.list().filter((post) => post.userId === userId && post.parentPostId === null)
  const newestFirst = own.toReversed()
  const start = cursor === '' ? 0 : newestFirst.findIndex(({ postId }) => postId === cursor)
  if (start === -1) return serviceError(400, 3, 'Invalid cursor')
  const end = start + Math.min(limit, MAX_LIMIT)
  const posts = newestFirst.slice(start, end).map((post) => postView(state, post, originOf(c)))
  return c.json({ posts, nextCursor: newestFirst[end]?.postId ?? '' })
}

/** Makes the post's file public; it stays so. */
function createLink(state: EmulatorState, c: ProductContext): Response {
  const body = linkSchema.safeParse(c.get('exchange').body)
  if (!body.success) return wrongBody(body.error)
  state.generations.settle()
  const { postId } = body.data
  const post = state.posts.find(postId)
  const file = state.generatedFiles.find(post?.mediaUrl ?? '')
  if (post === undefined || post.userId !== c.get('account').userId || file === undefined) {
    return serviceError(404, 5, 'Media post not found')
  }
  const path = file.contentType.startsWith('video/')
    ? `share-videos/${postId}.mp4`
    : `share-images/${postId}.jpg`
  state.publicFiles.put(`imagine-public/${path}`, { ...file, userId: null })
  return c.json({ shareLink: `https://grok.com/imagine/post/${postId}?source=${body.data.source}` })
}

function upscale(state: EmulatorState, c: ProductContext): Response {
  const body = upscaleSchema.safeParse(c.get('exchange').body)
  if (!body.success) return wrongBody(body.error)
  const account = c.get('account')
  const clip = findClip(state, account, body.data.videoId)
  const ratio = VIDEO_RATIOS.find((known) => known === clip?.ratio)
  if (clip === undefined || ratio === undefined) return serviceError(404, 5, 'Video not found')
  const path = `users/${account.userId}/generated/${clip.id}/generated_video_hd.mp4`
  const bytes = writeMp4(baseClip(ratio, '720p'), clip.totalLength ?? 0, `${clip.prompt}\n${clip.id} HD`)
  state.generatedFiles.put(path, servedFile(state, account.userId, 'video/mp4', bytes))
  return c.json({ hdMediaUrl: assetUrl(state, originOf(c), path) })
}

function quotaInfo(state: EmulatorState, c: ProductContext): object {
  const account = c.get('account')
  const view = (kind: 'imagePro' | 'imageEdit' | 'video' | 'video720p'): object | null => {
    const quota = state.mediaQuotas.view(account, kind)
    if (quota === undefined) return null
    const { remainingQueries, windowSizeSeconds, waitTimeSeconds } = quota
    const shown = { available: true, remainingQueries, windowSizeSeconds }
    if (waitTimeSeconds === undefined) return shown
    return { ...shown, nextAvailableAt: state.clock.iso(waitTimeSeconds * 1000) }
  }
  return {
    image: null,
    imagePro: view('imagePro'),
    imageEdit: view('imageEdit'),
    video: view('video'),
    video720p: view('video720p'),
  }
}

function wrongBody(error: z.ZodError): Response {
  return serviceError(400, 3, `Invalid request: ${z.prettifyError(error)}`)
}

function originOf(c: ProductContext): string {
  return new URL(c.req.url).origin
}
