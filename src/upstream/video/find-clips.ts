import { asNumber, asObject, asObjects, asString, type JsonObject } from '../../util/json-fields.ts'
import { absoluteUrl } from '../image/read-picture.ts'
import { readAnswerJson, type CallerIdentity, type RestCaller } from '../rest-call.ts'
import type { FinishedClip } from './video-decoder.ts'

/** A clip that the upstream has under a post, whether or not somebody still reads its stream. */
export interface FoundClip {
  readonly postId: string
  /** Where it begins in the whole video (seconds); 0: it is the first. */
  readonly startSeconds: number
  /** Absent while it is being made. */
  readonly clip?: FinishedClip
}

export interface FindClipsOptions {
  readonly parentPostId: string
  readonly assetsUrl: string
  readonly timeoutSeconds: number
}

/** Posts that one look covers: those of the last minutes of one account. */
const PAGE_SIZE = 40

/**
 * Looks what became of the clips of a video whose stream was lost: the posts under its own (spec/upstream-media.md §7,
 * fuller shape). Undefined if the post is not there.
 */
export async function findClips(
  call: RestCaller,
  identity: CallerIdentity,
  { parentPostId, assetsUrl, timeoutSeconds }: FindClipsOptions,
): Promise<readonly FoundClip[] | undefined> {
  const body = JSON.stringify({ limit: PAGE_SIZE, filter: {} })
  const path = '/rest/media/post/list'
  const answer = await call({ method: 'POST', path, refererPath: '/imagine', body, timeoutSeconds }, identity)
  const posts = asObjects(asObject(readAnswerJson(answer))?.['posts'])
  const parent = posts.find((post) => post['id'] === parentPostId)
  if (!parent) return undefined
  const children = [...asObjects(parent['childPosts']), ...asObjects(parent['videos'])]
  const clips = new Map<string, FoundClip>()
  for (const child of children) {
    const found = parseClip(child, assetsUrl)
    if (found && !clips.get(found.postId)?.clip) clips.set(found.postId, found)
  }
  return [...clips.values()]
}

function parseClip(post: JsonObject, assetsUrl: string): FoundClip | undefined {
  const postId = asString(post['id'])
  if (!postId) return undefined
  const path = asString(post['mediaUrl']) || asString(post['hdMediaUrl'])
  const startSeconds = asNumber(post['videoExtensionStartTime']) ?? 0
  if (!path || post['moderated'] === true) return { postId, startSeconds }
  const url = absoluteUrl(path, assetsUrl)
  return { postId, startSeconds, clip: { postId, url } }
}
