import type { PictureEvent } from '../../core/media.ts'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { PictureSlots } from './picture-slots.ts'
import { absoluteUrl } from './read-picture.ts'

/** Turns the frames of an image edit into events (spec/upstream-media.md §8.3). */
export class EditDecoder {
  readonly #assetsUrl: string
  readonly #slots: PictureSlots
  /** Addresses of withheld pictures, which the closing list may name all the same. */
  readonly #withheldUrls = new Set<string>()

  constructor(needed: number, assetsUrl: string) {
    this.#slots = new PictureSlots(needed)
    this.#assetsUrl = assetsUrl
  }

  /** Whether what was asked for is there. */
  get isOver(): boolean {
    return this.#slots.isDone
  }

  /** Whether no picture was finished or withheld. */
  get isEmpty(): boolean {
    return this.#slots.isEmpty
  }

  decode(frame: JsonObject, events: PictureEvent[]): void {
    const response = asObject(frame['response'])
    const picture = asObject(response?.['streamingImageGenerationResponse'])
    if (picture) this.#decodePicture(picture, events)
    const urls = asArray(asObject(response?.['modelResponse'])?.['generatedImageUrls'])
    for (const url of urls) if (typeof url === 'string' && url !== '') this.#decodeListed(url, events)
  }

  /** The stream is over. */
  end(events: PictureEvent[]): void {
    this.#slots.end(events)
  }

  #decodePicture(picture: JsonObject, events: PictureEvent[]): void {
    const path = asString(picture['imageUrl']) || asString(picture['url'])
    const url = path ? absoluteUrl(path, this.#assetsUrl) : undefined
    const key = keyOf(picture) ?? url
    if (key === undefined) return
    const percent = asNumber(picture['progress'])
    if (picture['moderated'] === true) {
      if (url !== undefined) this.#withheldUrls.add(url)
      this.#slots.withhold(key, events)
    } else if (percent !== undefined && percent < 100 && picture['isFinal'] !== true) {
      this.#slots.advance(key, percent, events)
      if (url !== undefined) this.#slots.preview(key, { type: 'url', url }, events)
    } else if (url !== undefined && (percent !== undefined || picture['isFinal'] === true)) {
      this.#slots.finish(key, { source: { type: 'url', url }, upstreamUrl: url }, events)
    }
  }

  /** A picture of the closing list, which the stream may not have told of. */
  #decodeListed(path: string, events: PictureEvent[]): void {
    const url = absoluteUrl(path, this.#assetsUrl)
    if (this.#withheldUrls.has(url)) return
    this.#slots.finishListed({ source: { type: 'url', url }, upstreamUrl: url }, events)
  }
}

function keyOf(picture: JsonObject): string | undefined {
  const index = asNumber(picture['imageIndex'])
  return index === undefined ? asString(picture['imageId']) || asString(picture['assetId']) : `#${index}`
}
