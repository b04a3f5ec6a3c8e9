import type { PictureEvent } from '../../core/media.ts'
import { asNumber, asObject, asString, parseJson, type JsonObject } from '../../util/json-fields.ts'
import type { NoteDrift } from '../drift.ts'
import { classifyStreamFailure } from '../failure.ts'
import { PictureSlots, type FoundPicture } from './picture-slots.ts'
import { absoluteUrl, readBlob } from './read-picture.ts'

/** How far a picture counts as come when it is begun, and when a preview does not say (spec/upstream-media.md §4.5). */
const BEGUN_PERCENT = 10

export interface RoundDecoderOptions {
  /** Frames of other requests on the same socket are not ours. */
  readonly requestId: string
  readonly needed: number
  readonly assetsUrl: string
  /** Told of messages that are not known. */
  readonly noteDrift?: NoteDrift
}

/**
 * Turns the messages of one round of the Imagine socket into events (spec/upstream-media.md §4.4 to §4.6). A picture is
 * finished when its final payload is there and the server has said that it is complete, in whichever order.
 */
export class RoundDecoder {
  readonly #options: RoundDecoderOptions
  readonly #slots: PictureSlots
  readonly #finals = new Map<string, FoundPicture>()
  readonly #completed = new Set<string>()

  constructor(options: RoundDecoderOptions) {
    this.#options = options
    this.#slots = new PictureSlots(options.needed)
  }

  /** Whether nothing more can come of what was asked for. */
  get isOver(): boolean {
    return this.#slots.isOver
  }

  /** Whether all that was begun has ended; what else was asked for may still be begun. */
  get isSettled(): boolean {
    return this.#slots.isSettled
  }

  /** Adds the events of one message; throws what an error frame says. */
  decode(message: string, events: PictureEvent[]): void {
    const frame = asObject(parseJson(message))
    const requestId = asString(frame?.['request_id'])
    if (!frame || (requestId && requestId !== this.#options.requestId)) return
    if (frame['type'] === 'error') throw classifyErrorFrame(frame)
    const { type } = frame
    if (type !== 'json' && type !== 'image')
      return this.#options.noteDrift?.(`picture: ${asString(type) ?? 'no type'}`, frame)
    const key = keyOf(frame)
    if (key === undefined) return // of a picture that has no id yet
    if (type === 'json') this.#decodeStatus(key, frame, events)
    else this.#decodeImage(key, frame, events)
  }

  /** Nothing more comes: a final payload without its word of completion is a picture all the same. */
  end(events: PictureEvent[]): void {
    for (const [key, picture] of this.#finals) this.#slots.finish(key, picture, events)
    this.#slots.end(events)
  }

  #decodeStatus(key: string, frame: JsonObject, events: PictureEvent[]): void {
    const status = frame['current_status']
    if (status === 'completed') {
      if (frame['moderated'] === true) return this.#withhold(key, events)
      const late = this.#finals.has(key) ? undefined : this.#read(frame)
      if (late) this.#finals.set(key, late)
      this.#completed.add(key)
      return this.#settle(key, events)
    }
    const percent = asNumber(frame['percentage_complete']) ?? 0
    this.#slots.advance(key, Math.max(BEGUN_PERCENT, percent), events)
  }

  #decodeImage(key: string, frame: JsonObject, events: PictureEvent[]): void {
    if (frame['moderated'] === true) return this.#withhold(key, events)
    const picture = this.#read(frame)
    const percent = asNumber(frame['percentage_complete']) ?? 100
    if (percent < 100) this.#slots.advance(key, percent, events)
    if (!picture) return
    if (percent < 100) return this.#slots.preview(key, picture.source, events)
    this.#finals.set(key, picture)
    this.#settle(key, events)
  }

  #settle(key: string, events: PictureEvent[]): void {
    const picture = this.#finals.get(key)
    if (!picture || !this.#completed.has(key)) return
    this.#finals.delete(key) // its bytes are on their way
    this.#slots.finish(key, picture, events)
  }

  #withhold(key: string, events: PictureEvent[]): void {
    this.#finals.delete(key)
    this.#slots.withhold(key, events)
  }

  #read(frame: JsonObject): FoundPicture | undefined {
    const url = asString(frame['url']) || undefined
    const upstreamUrl = url === undefined ? null : absoluteUrl(url, this.#options.assetsUrl)
    const source = readBlob(asString(frame['blob']))
    if (source) return { source, upstreamUrl }
    return upstreamUrl === null ? undefined : { source: { type: 'url', url: upstreamUrl }, upstreamUrl }
  }
}

/** The fields first, the name in the address last: addresses come in several shapes (§4.8). */
function keyOf(frame: JsonObject): string | undefined {
  for (const name of ['image_id', 'job_id', 'id']) {
    const id = asString(frame[name])
    if (id) return id
  }
  return /\/([^/?]+)\.\w+(?:\?|$)/.exec(asString(frame['url']) ?? '')?.[1]
}

function classifyErrorFrame(frame: JsonObject) {
  const code = asString(frame['err_code']) ?? 'upstream_error'
  const message = asString(frame['err_msg']) ?? ''
  // the codes are words: `rate_limit_exceeded`
  return classifyStreamFailure({ code: 0, message: `${code.replaceAll('_', ' ')}: ${message}` })
}
