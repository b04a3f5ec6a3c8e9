import { GatewayError } from '../../core/error.ts'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { absoluteUrl } from '../image/read-picture.ts'
import { truncatedFailure } from '../failure.ts'

/** A finished clip at the upstream. */
export interface FinishedClip {
  /** By which it can be extended. */
  readonly postId: string
  /** Where the video up to and with this clip is. */
  readonly url: string
}

export type VideoEvent =
  | { readonly type: 'video-progress'; readonly percent: number }
  | { readonly type: 'video-done'; readonly clip: FinishedClip }

const urlFields = ['videoUrl', 'contentUrl', 'contentURL', 'assetUrl', 'assetURL', 'fileUri', 'fileURL']

/** Reads the frames of one clip (spec/upstream-media.md §9.4). */
export class VideoDecoder {
  readonly #assetsUrl: string
  #postId: string | undefined
  #percent = 0
  #isWithheld = false
  #isDone = false
  #conversationId: string | undefined

  constructor(assetsUrl: string) {
    this.#assetsUrl = assetsUrl
  }

  /** The clip has come: what follows says nothing more. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** The conversation that the clip is made in, once that was told. */
  get conversationId(): string | undefined {
    return this.#conversationId
  }

  /** The events of one frame (`result` of the stream's object). */
  decode(frame: JsonObject): VideoEvent[] {
    this.#conversationId ??= asString(asObject(frame['conversation'])?.['conversationId'])
    if (this.#isDone) return []
    const response = asObject(frame['response'])
    const video = asObject(response?.['streamingVideoGenerationResponse'])
    return video ? this.#decodeVideo(video) : this.#decodeFiles(asObject(response?.['modelResponse']))
  }

  /** The stream is over; throws if there is no clip. */
  end(): void {
    if (this.#isDone) return
    throw this.#isWithheld
      ? new GatewayError('content_policy', 'The upstream withheld the video under its usage guidelines.')
      : truncatedFailure('the stream ended without a video')
  }

  #decodeVideo(video: JsonObject): VideoEvent[] {
    this.#postId = asString(video['videoPostId']) || asString(video['videoId']) || this.#postId
    if (video['moderated'] === true) {
      this.#isWithheld = true
      return []
    }
    const url = urlFields.map((field) => asString(video[field])).find(isVideoUrl)
    if (url !== undefined) return this.#finish(url)
    const percent = Math.min(99, Math.floor(asNumber(video['progress']) ?? 0))
    if (percent <= this.#percent) return []
    this.#percent = percent
    return [{ type: 'video-progress', percent }]
  }

  /** The files of the closing frame stand in for an address that did not come. */
  #decodeFiles(model: JsonObject | undefined): VideoEvent[] {
    if (this.#isWithheld) return []
    const url = asArray(model?.['fileAttachments']).map(asString).find(isVideoUrl)
    return url === undefined ? [] : this.#finish(url)
  }

  #finish(url: string): VideoEvent[] {
    this.#isDone = true
    const absolute = absoluteUrl(url, this.#assetsUrl)
    return [{ type: 'video-done', clip: { postId: this.#postId ?? '', url: absolute } }]
  }
}

/** Whether this is the address of a film (spec/upstream-media.md §9.4). */
export function isVideoUrl(url: string | undefined): url is string {
  const path = url?.split('?')[0] ?? ''
  return /\.mp4$/i.test(path) || path.includes('/content')
}
