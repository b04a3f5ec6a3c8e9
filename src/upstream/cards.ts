import type { ChatEvent } from '../core/chat-event.ts'
import { asNumber, asObject, asString, parseJson, type JsonObject } from '../util/json-fields.ts'

/** Cards that one answer may bring along; later ones are ignored. */
const MAX_CARDS = 1024

/** Something the answer's text refers to by id: a citation or a picture. */
export interface Card {
  readonly id: string
  readonly url: string | undefined
  readonly title: string | undefined
  /** A picture found by search, ready to show. */
  readonly searchedImage:
    | { readonly title: string; readonly source: string; readonly link: string | undefined }
    | undefined
}

/** Cards and generated pictures of one answer (spec/upstream-chat.md §5.1.7). */
export class CardBook {
  readonly #assetsUrl: string
  readonly #cards = new Map<string, Card>()
  readonly #finishedImages = new Set<string>()
  readonly #moderatedImages = new Set<string>()

  constructor(assetsUrl: string) {
    this.#assetsUrl = assetsUrl
  }

  /** Whether a picture was finished. */
  get hasImage(): boolean {
    return this.#finishedImages.size > 0
  }

  /** Whether a picture was withheld by the service's moderation. */
  get hasModerated(): boolean {
    return this.#moderatedImages.size > 0
  }

  find(id: string): Card | undefined {
    return this.#cards.get(id)
  }

  /** Reads one card: `{"jsonData": "<JSON>"}`, an object there, or the card itself. */
  read(attachment: unknown): ChatEvent[] {
    const outer = asObject(parseJson(attachment))
    const card = asObject(parseJson(outer?.['jsonData'])) ?? outer
    if (!card) return []
    const id = asString(card['id'])
    if (id !== undefined && this.#cards.size < MAX_CARDS) this.#cards.set(id, parseCard(id, card))
    const chunk = asObject(card['image_chunk'] ?? card['imageChunk'])
    return chunk ? this.#readImage(chunk) : []
  }

  /** A picture named only by its address, as in a final message; nothing if it is known. */
  readUrl(url: string): ChatEvent[] {
    const absolute = this.#absolute(url)
    const id = imageIdOf(absolute)
    if (this.#finishedImages.has(id) || this.#moderatedImages.has(id)) return []
    this.#finishedImages.add(id)
    return [{ type: 'image', id, url: absolute }]
  }

  #readImage(chunk: JsonObject): ChatEvent[] {
    const url = asString(chunk['imageUrl'])
    const id = asString(chunk['imageUuid']) ?? (url ? imageIdOf(url) : undefined)
    const percent = asNumber(chunk['progress'])
    if (id === undefined || percent === undefined) return []
    if (chunk['moderated'] === true) {
      const isKnown = this.#moderatedImages.has(id)
      this.#moderatedImages.add(id)
      return isKnown ? [] : [{ type: 'image-withheld', id }]
    }
    if (percent < 100) return [{ type: 'image-progress', id, percent: Math.max(0, percent) }]
    if (!url || this.#finishedImages.has(id)) return []
    this.#finishedImages.add(id)
    return [{ type: 'image', id, url: this.#absolute(url) }]
  }

  #absolute(url: string): string {
    return /^https?:\/\//i.test(url) ? url : `${this.#assetsUrl}/${url.replace(/^\/+/, '')}`
  }
}

/** Pictures are named by the last UUID in their path (an earlier one is their owner's), else by the whole address. */
function imageIdOf(url: string): string {
  const ids = url.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi)
  return ids?.at(-1)?.toLowerCase() ?? url
}

function parseCard(id: string, card: JsonObject): Card {
  const image = asObject(card['image'])
  const source = image && (asString(image['thumbnail']) || asString(image['original']))
  return {
    id,
    url: asString(card['url']),
    title: asString(card['title']),
    searchedImage: source
      ? { title: asString(image['title']) || 'image', source, link: asString(image['link']) }
      : undefined,
  }
}
