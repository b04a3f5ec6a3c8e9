import type { Source } from '../core/chat-event.ts'
import { asObjects, asObject, asString, type JsonObject } from '../util/json-fields.ts'

/** Bounds of what one answer may bring along (spec/upstream-chat.md §5.1.7, "limits"). */
const MAX_SOURCES = 256
const MAX_TITLE_LENGTH = 512
const X_TITLE_LENGTH = 50

const webFields = ['webSearchResults', 'citedWebSearchResults'] as const
const xFields = ['xSearchResults', 'xposts', 'citedXposts'] as const

/** The sources of one answer, each URL once, with the titles that citations need. */
export class SourceBook {
  readonly #titles = new Map<string, string>()

  titleOf(url: string): string | undefined {
    return this.#titles.get(url)
  }

  /** The sources in these fields of a frame that are new (spec/upstream-chat.md §5.1.3). */
  read(fields: JsonObject): Source[] {
    const found: Source[] = []
    for (const field of webFields) this.#readList(fields[field], parseWebResult, found)
    for (const field of xFields) this.#readList(fields[field], parseXResult, found)
    return found
  }

  #readList(field: unknown, parse: (entry: JsonObject) => Source | undefined, found: Source[]): void {
    if (field === undefined) return
    for (const entry of asObjects(asObject(field)?.['results'] ?? field)) {
      const source = parse(entry)
      if (!source || this.#titles.has(source.url) || this.#titles.size >= MAX_SOURCES) continue
      this.#titles.set(source.url, source.title)
      found.push(source)
    }
  }
}

function parseWebResult(entry: JsonObject): Source | undefined {
  const url = asString(entry['url'])
  if (!url) return undefined
  const title = (asString(entry['title']) ?? '').slice(0, MAX_TITLE_LENGTH)
  return { type: 'source', url, title: title || url, kind: 'web' }
}

/** `author: first words…`; where only the user's name is known, `𝕏/@user: …` as the original writes it. */
function parseXResult(entry: JsonObject): Source | undefined {
  const user = asString(entry['username'])
  const post = asString(entry['postId'])
  if (!user || !post) return undefined
  const author = asString(entry['author']) ?? `𝕏/@${user}`
  const url = `https://x.com/${encodeURIComponent(user)}/status/${encodeURIComponent(post)}`
  const characters = Array.from((asString(entry['text']) ?? '').replaceAll(/\s+/g, ' ').trim())
  const start = characters.slice(0, X_TITLE_LENGTH).join('')
  const shortened = characters.length > X_TITLE_LENGTH ? `${start}...` : start
  return { type: 'source', url, title: shortened ? `${author}: ${shortened}` : author, kind: 'x_post' }
}
