import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../../../core/error.ts'
import type { Videos } from '../../../gateway/videos.ts'
import { sseData, SSE_DONE } from '../../../util/sse.ts'
import type { ChatDoorParts } from '../../chat-door.ts'
import { refuse } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { answerFile, type FilePartsToServe } from '../../files.ts'
import { parseWith } from '../../parse-with.ts'
import { sseResponse } from '../../sse-response.ts'
import { ownerOf } from '../owner.ts'
import { encodeVideo } from './encode-video.ts'
import { readForm } from './read-form.ts'
import { parseExtension, parseVideoRequest } from './video-request.ts'

/** What the video endpoints need. */
export interface VideoDoorParts extends FilePartsToServe, Pick<ChatDoorParts, 'chatDefaults'> {
  readonly videos: Videos
  readonly apiKeys: () => readonly string[]
}

const DEFAULT_PAGE_SIZE = 20
const MAX_PAGE_SIZE = 100

const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  after: z.string().optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
})

/** The videos API (spec/public-api.md §10), to be mounted at `/v1/videos`. */
export function videoRoutes(parts: VideoDoorParts): Hono<ApiEnv> {
  const { videos } = parts
  const routes = new Hono<ApiEnv>()
  const owner = (c: Context<ApiEnv>): string => ownerOf(parts, c)
  routes.post('/', async (c) => {
    const { fields, files } = await readForm(c, ['input_reference'])
    const request = parseVideoRequest(fields, files, parts.chatDefaults().aliases)
    return c.json(encodeVideo(await videos.create(request, owner(c), c.req.raw.signal)))
  })
  routes.post('/extensions', async (c) => {
    const request = parseExtension((await readForm(c, [])).fields)
    const { model, size } = (await videos.find(request.extendsId, owner(c))).input
    const extension = { ...request, model, size, references: [] }
    return c.json(encodeVideo(await videos.create(extension, owner(c), c.req.raw.signal)))
  })
  routes.post('/edits', () => {
    throw refuse('video', 'the upstream edits no videos; POST /v1/videos/extensions goes on from one')
  })
  routes.post('/:id/remix', async (c) => {
    await videos.find(c.req.param('id'), owner(c))
    throw refuse('video_id', 'the upstream remixes no videos; POST /v1/videos/extensions goes on from one')
  })
  routes.get('/', async (c) => {
    const found = await videos.list(owner(c), parseWith(pageSchema, c.req.query()))
    const data = found.videos.map(encodeVideo)
    const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
    return c.json({ object: 'list', data, ...ends, has_more: found.hasMore })
  })
  routes.get('/:id', async (c) => {
    const video = await videos.find(c.req.param('id'), owner(c))
    return c.req.query('stream') === 'true' ? watch(parts, c, video.id) : c.json(encodeVideo(video))
  })
  routes.post('/:id/cancel', async (c) =>
    c.json(encodeVideo(await videos.cancel(c.req.param('id'), owner(c)))),
  )
  routes.delete('/:id', async (c) => {
    const id = c.req.param('id')
    await videos.remove(id, owner(c), c.req.raw.signal)
    return c.json({ id, object: 'video.deleted', deleted: true })
  })
  routes.get('/:id/content', (c) => answerContent(parts, c))
  return routes
}

/** The video's state whenever it changes, as events, until it has ended. */
function watch(parts: VideoDoorParts, c: Context<ApiEnv>, id: string): Response {
  c.env?.allowSilence?.()
  const leaving = new AbortController()
  const signal = AbortSignal.any([c.req.raw.signal, leaving.signal])
  const owner = ownerOf(parts, c)
  async function* frames(): AsyncGenerator<string> {
    for await (const video of parts.videos.watch(id, owner, signal)) yield sseData(encodeVideo(video))
    yield SSE_DONE
  }
  return sseResponse(frames(), { onCancel: () => leaving.abort() })
}

async function answerContent(parts: VideoDoorParts, c: Context<ApiEnv>): Promise<Response> {
  const id = c.req.param('id') ?? ''
  const variant = c.req.query('variant') ?? 'video'
  if (variant !== 'video') throw refuse('variant', `'${variant}' is not kept; only the video is`)
  const video = await parts.videos.find(id, ownerOf(parts, c))
  if (video.status === 'failed') {
    throw new GatewayError('job_failed', video.error?.message ?? 'The video could not be made.')
  }
  if (video.fileId === null) throw new GatewayError('not_ready', 'The video is not ready yet.')
  const file = await parts.keptMedia.find('video', video.fileId)
  if (!file) throw new GatewayError('not_found', 'The file of this video has made way for newer ones.')
  const response = answerFile(c, file)
  response.headers.set('content-disposition', `attachment; filename="${id}.mp4"`)
  response.headers.set('cache-control', 'private, max-age=31536000, immutable')
  return response
}
