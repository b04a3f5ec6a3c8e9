import { segmentsOf, videoSizes } from '../core/video-request.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import { createMediaPost, type NewMediaPost } from '../upstream/media-post.ts'
import type { VideoClip, VideoExtension } from '../upstream/video/video-body.ts'
import type { Attachments, UploadTarget } from './attachments.ts'
import { decodeReferences, type VideoInput } from './video-job.ts'
import type { FiledVideo } from './video-steps.ts'

export interface FilingParts {
  readonly upstream: Pick<UpstreamClient, 'call' | 'contentUrl'>
  readonly attachments: Attachments
  readonly settings: { readonly protocol: 'gateway' | 'rest'; readonly timeoutSeconds: number }
}

/**
 * Prepares an account for a video: its pictures are put up, and it gets a post where the protocol wants one. The newer
 * protocol makes one clip by itself from one picture at most, and knows no ways of reading a prompt
 * (spec/upstream-media.md §9.5); whatever is more goes the older way.
 */
export async function fileVideo(
  parts: FilingParts,
  input: VideoInput,
  target: UploadTarget,
): Promise<FiledVideo> {
  const { accountId } = target
  const files = decodeReferences(input.references)
  if (parts.settings.protocol === 'gateway' && isPlain(input)) {
    const placed = await parts.attachments.place(files, { ...target, isForEdit: true })
    return { accountId, parentPostId: '', references: placed.map(({ id }) => id) }
  }
  const placed = await parts.attachments.place(files, target)
  const references = placed.map(({ uri }) => parts.upstream.contentUrl(uri))
  return {
    accountId,
    parentPostId: await createPosts(parts, input.prompt, { target, references }),
    references,
  }
}

function isPlain({ seconds, preset, references }: VideoInput): boolean {
  return segmentsOf(seconds).length === 1 && preset === 'custom' && references.length <= 1
}

interface PostOptions {
  readonly target: UploadTarget
  readonly references: readonly string[]
}

/** A post for each picture, or one for the prompt; the first is what the video is filed under. */
async function createPosts(
  { upstream, settings: { timeoutSeconds } }: FilingParts,
  prompt: string,
  { target, references }: PostOptions,
): Promise<string> {
  const ids: string[] = []
  for (const mediaUrl of references.length === 0 ? [undefined] : references) {
    const post: NewMediaPost =
      mediaUrl === undefined
        ? { type: 'video', prompt, timeoutSeconds }
        : { type: 'image', mediaUrl, timeoutSeconds }
    ids.push((await createMediaPost(upstream.call, target, post)).id)
  }
  return ids[0] ?? ''
}

/** One clip of a video as the upstream is to be asked for it. */
export function clipOf(
  { prompt, size, resolution, preset, seconds }: VideoInput,
  { parentPostId, references }: FiledVideo,
  { segment, extension }: { readonly segment: number; readonly extension: VideoExtension | undefined },
): VideoClip {
  const wishes = {
    prompt,
    shape: { ratio: videoSizes[size], resolution, preset },
    seconds: segmentsOf(seconds)[segment] ?? 0,
  }
  return parentPostId === ''
    ? { ...wishes, fileId: references[0] }
    : { ...wishes, parentPostId, references, ...(extension && { extension }) }
}
