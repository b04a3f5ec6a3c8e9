import { asObject, asString } from '../util/json-fields.ts'
import { oddAnswer, readAnswerJson, type CallerIdentity, type RestCaller } from './rest-call.ts'

/** What a generation is filed under at the upstream (spec/upstream-media.md §7). */
export interface NewMediaPost {
  readonly type: 'image' | 'video'
  /** The address of the content, for a picture that was put up. */
  readonly mediaUrl?: string
  readonly prompt?: string
  readonly timeoutSeconds: number
}

export interface MediaPost {
  readonly id: string
  /** The prompt as the upstream has taken it, where it says. */
  readonly prompt: string | undefined
}

const types = { image: 'MEDIA_POST_TYPE_IMAGE', video: 'MEDIA_POST_TYPE_VIDEO' } as const

/** Creates a post for an account. */
export async function createMediaPost(
  call: RestCaller,
  identity: CallerIdentity,
  { type, mediaUrl, prompt, timeoutSeconds }: NewMediaPost,
): Promise<MediaPost> {
  const body = JSON.stringify({
    mediaType: types[type],
    ...(mediaUrl && { mediaUrl }),
    ...(prompt && { prompt }),
  })
  const path = '/rest/media/post/create'
  const answer = await call({ method: 'POST', path, refererPath: '/imagine', body, timeoutSeconds }, identity)
  const post = asObject(asObject(readAnswerJson(answer))?.['post'])
  const id = asString(post?.['id'])
  if (!id) throw oddAnswer(answer, 'media post')
  return { id, prompt: asString(post?.['originalPrompt']) || asString(post?.['prompt']) || undefined }
}
