import { responseFrame, type Frame, type JsonObject } from '../answers/frame.ts'
import { modelResponseFrame, softStopFrame, tokenFrame } from '../answers/frames.ts'
import type { Turn } from '../answers/turn.ts'
import { opening } from '../answers/whole-answer.ts'
import type { Generation } from '../state/generations.ts'
import type { MediaEffect } from '../state/faults.ts'
import type { VideoRequest } from './media-request.ts'
import { baseClip } from './clips.ts'

const VIDEO_PROGRESS = [0, 1, 12, 25, 37, 50, 62, 75, 87, 95]
const FAILS_AT_PROGRESS = 50
const INTERNAL_ERROR = 13

/** What the frames of a media answer are made from. */
export interface MediaAnswer {
  readonly turn: Turn
  readonly generations: readonly Generation[]
  readonly has: (effect: MediaEffect) => boolean
  /** An absolute address of a path on the asset host. */
  readonly assetUrl: (path: string) => string
}

/** The frames of an edit, spec/upstream-media.md §8.3. */
export function editFrames(answer: MediaAnswer): readonly Frame[] {
  const { turn, generations, has } = answer
  const previews = generations.map((one, index) => {
    const [path = ''] = one.paths
    const imageUrl = address(answer, path.replace(one.id, `${one.id}-part-0`))
    const common = { imageId: one.id, imageIndex: index, seq: 0 }
    return progressFrame(turn, 'streamingImageGenerationResponse', {
      ...common,
      imageUrl,
      progress: FAILS_AT_PROGRESS,
      moderated: false,
    })
  })
  if (has('preview-only')) return [...opening(turn), ...previews]
  if (has('fail')) return [...opening(turn), ...previews, failure('Image edit failed')]
  const finals = generations.map((one, index) => finalEdit(answer, one, index))
  const shown = generations.filter(({ ending }) => ending === 'finished')
  const urls =
    has('no-url') || has('asset-only') ? [] : shown.map((one) => address(answer, one.paths[0] ?? ''))
  return [
    ...opening(turn),
    ...previews,
    ...(has('no-url') ? [] : finals),
    ...ending(answer, 'I edited the picture', {
      generatedImageUrls: urls,
      fileAttachments: has('no-url') ? [] : shown.map(({ id }) => id),
    }),
  ]
}

function finalEdit(answer: MediaAnswer, generation: Generation, index: number): Frame {
  const moderated = generation.ending === 'moderated'
  const url = answer.has('asset-only') ? {} : { imageUrl: address(answer, generation.paths[0] ?? '') }
  return progressFrame(answer.turn, 'streamingImageGenerationResponse', {
    imageId: generation.id,
    assetId: generation.id,
    ...url,
    imageIndex: index,
    seq: 1,
    progress: 100,
    moderated,
    isFinal: true,
  })
}

/** The frames of a clip, spec/upstream-media.md §9.4. */
export function videoFrames(answer: MediaAnswer, request: VideoRequest): readonly Frame[] {
  const { turn, generations, has } = answer
  const [generation] = generations
  if (generation === undefined) return opening(turn)
  const { id, postId } = generation
  const common = { videoId: id, videoPostId: postId, resolutionName: request.resolution }
  const frame = (fields: JsonObject): Frame =>
    progressFrame(turn, 'streamingVideoGenerationResponse', { ...common, ...fields })
  const steps = VIDEO_PROGRESS.map((progress) => ({ progress, frame: frame({ progress }) }))
  const started = [...opening(turn), ...steps.map((step) => step.frame)]
  if (has('preview-only')) return started
  if (has('fail')) {
    const early = steps.filter(({ progress }) => progress <= FAILS_AT_PROGRESS).map((step) => step.frame)
    return [...opening(turn), ...early, failure('Video generation failed')]
  }
  const isShown = generation.ending === 'finished' && !has('no-url')
  const final = has('no-url') ? [] : [frame(finalFields(answer, generation, request))]
  return [
    ...started,
    ...final,
    ...ending(answer, 'I generated a video', { fileAttachments: isShown ? [id] : [] }),
  ]
}

function finalFields(answer: MediaAnswer, generation: Generation, request: VideoRequest): JsonObject {
  const [video = '', thumbnail = ''] = generation.paths
  const { width, height } = baseClip(request.ratio, request.resolution)
  const moderated = generation.ending === 'moderated'
  const urls = {
    videoUrl: moderated ? '' : address(answer, video),
    thumbnailImageUrl: moderated ? '' : address(answer, thumbnail),
  }
  const shown = answer.has('asset-only') ? {} : urls
  return { progress: 100, assetId: generation.id, ...shown, moderated, width, height }
}

/** The picture of a limit that is told inside a card, spec/upstream-media.md §17.2: one frame, and nothing was made. */
export function usageLimitFrames(turn: Turn): readonly Frame[] {
  const chunk = { progress: 100, systemErrCode: 'rate_limit' }
  const error = { message: "You've reached your usage limit. Please try again later." }
  const cardAttachment = { jsonData: JSON.stringify({ image_chunk: chunk }) }
  return [...opening(turn), responseFrame('error', { error, cardAttachment })]
}

function address({ has, assetUrl }: MediaAnswer, path: string): string {
  return has('absolute-url') ? assetUrl(path) : path
}

function ending({ turn }: MediaAnswer, text: string, extra: JsonObject): readonly Frame[] {
  return [modelResponseFrame(turn, text, extra), tokenFrame(turn, text), softStopFrame(turn)]
}

function progressFrame(turn: Turn, key: string, fields: JsonObject): Frame {
  const state = { isThinking: false, isSoftStop: false, responseId: turn.responseId }
  return responseFrame('progress', { [key]: fields, ...state })
}

function failure(message: string): Frame {
  return { role: 'error', body: { error: { code: INTERNAL_ERROR, message, details: [] } } }
}
