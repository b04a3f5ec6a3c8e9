import { readMediaFrames } from '../media-frames.ts'
import type { CallerIdentity, RestCallerOptions } from '../rest-call.ts'
import { openRestStream, type StreamWaiting } from '../rest-stream.ts'
import type { AnswerBody } from '../transport.ts'
import { encodeVideoBody, type VideoClip } from './video-body.ts'
import { VideoDecoder, type VideoEvent } from './video-decoder.ts'

/** One clip to make: for which account, which way, and how long its silence is borne. */
export interface VideoCall extends CallerIdentity {
  readonly clip: VideoClip
  readonly idleSeconds: number
  /** The upstream began to answer: the clip is being made, whatever becomes of the stream. */
  readonly onServed: () => void
  /** Told once where the clip is made, before anything of it is. */
  readonly onPlaced: (conversationId: string) => Promise<void>
}

/** Has a clip made (spec/upstream-media.md §9); the first pull asks for it. */
export function openVideo(
  options: RestCallerOptions,
  { clip, onPlaced, ...call }: VideoCall,
): AsyncGenerator<readonly VideoEvent[]> {
  const { assetsUrl } = options.settings()
  const isExtension = clip.parentPostId !== undefined && clip.extension !== undefined
  const refererPath = isExtension ? `/imagine/post/${clip.parentPostId}` : '/imagine'
  const read = (body: AnswerBody, waiting: StreamWaiting) => readVideo(body, waiting, { assetsUrl, onPlaced })
  return openRestStream(options, { ...call, body: encodeVideoBody(clip), refererPath }, read)
}

async function* readVideo(
  body: AnswerBody,
  waiting: StreamWaiting,
  { assetsUrl, onPlaced }: { readonly assetsUrl: string; readonly onPlaced: VideoCall['onPlaced'] },
): AsyncGenerator<readonly VideoEvent[]> {
  const decoder = new VideoDecoder(assetsUrl)
  let isPlaced = false
  for await (const frames of readMediaFrames(body, waiting)) {
    const events = frames.flatMap((frame) => decoder.decode(frame))
    const { conversationId } = decoder
    if (conversationId !== undefined && !isPlaced) await onPlaced(conversationId)
    isPlaced = conversationId !== undefined
    if (events.length > 0) yield events
    if (decoder.isDone) return
  }
  decoder.end()
}
