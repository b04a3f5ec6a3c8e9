import type { Citation } from '../core/chat-event.ts'

const MAX_CITATIONS = 2048
const MAX_URL_LENGTH = 8192
/** Control and format characters, which could hide or bend a link. */
const HIDDEN_CHARACTER = /[\p{Cc}\p{Cf}]/u

/** Numbers the cited addresses of one answer in order of first appearance (spec/upstream-chat.md §5.1.7, "Citations"). */
export class CitationBook {
  readonly #numbers = new Map<string, number>()
  #count = 0

  /**
   * The citation of `url` whose marker is put at the end of a text of `length` code points, or nothing if the address
   * is not fit to be shown. The marker starts with a blank, as the original's does.
   */
  cite(
    url: string,
    title: string | undefined,
    length: number,
  ): { marker: string; citation: Citation } | undefined {
    const safe = safeUrl(url)
    if (safe === undefined || this.#count >= MAX_CITATIONS) return undefined
    this.#count++
    const number = this.#numbers.get(safe) ?? this.#numbers.size + 1
    this.#numbers.set(safe, number)
    const marker = ` [[${number}]](${safe})`
    const end = length + countCodePoints(marker)
    return {
      marker,
      citation: { type: 'citation', url: safe, title: title || safe, number, start: length, end },
    }
  }
}

/** Unicode code points, the unit of every offset here (spec/upstream-chat.md §0.3). */
export function countCodePoints(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length - 1; at++) {
    const isPair = (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    if (isPair) count--
  }
  return count
}

/** An absolute http(s) address without credentials, its scheme and host in lower case; undefined if it is none. */
function safeUrl(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH || HIDDEN_CHARACTER.test(text)) return undefined
  const parsed = URL.parse(text)
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return undefined
  if (parsed.hostname === '' || parsed.username !== '' || parsed.password !== '') return undefined
  const origin = /^[^:]+:\/\/[^/?#]*/.exec(text)?.[0]
  if (origin === undefined) return undefined
  // only the origin is normalised: the rest must stay the address that the source has
  return origin.toLowerCase() + text.slice(origin.length).replaceAll('(', '%28').replaceAll(')', '%29')
}
