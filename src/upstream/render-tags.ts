const OPENING = '<grok:render'
const CLOSING = '</grok:render>'
const TAG = /^<grok:render card_id="([^"]*)" card_type="[^"]*" type="([^"]*)"[^>]*>/

/** A tag longer than this is no tag: it is let through as text. */
const MAX_TAG_LENGTH = 16 * 1024

/** A piece of the answer: text, or a reference to a card (spec/upstream-chat.md §5.1.7). */
export type AnswerPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'card'; readonly cardId: string; readonly kind: string }

/** Cuts render tags out of an answer that arrives in pieces; what may yet become a tag is held back. */
export class RenderTagReader {
  #held = ''

  /** The pieces that this token completes. */
  push(token: string): readonly AnswerPiece[] {
    if (this.#held === '' && !token.includes('<')) return token === '' ? [] : [{ type: 'text', text: token }]
    const text = this.#held + token
    this.#held = ''
    return this.#split(text)
  }

  /** What was held back at the end of the answer, as text. */
  end(): readonly AnswerPiece[] {
    const rest = this.#held
    this.#held = ''
    return rest === '' ? [] : [{ type: 'text', text: rest }]
  }

  #split(text: string): AnswerPiece[] {
    const pieces: AnswerPiece[] = []
    let from = 0
    while (from < text.length) {
      const start = text.indexOf(OPENING, from)
      if (start < 0) break
      const close = text.indexOf(CLOSING, start)
      if (close < 0 && text.length - start <= MAX_TAG_LENGTH) {
        pushText(pieces, text.slice(from, start))
        this.#held = text.slice(start)
        return pieces
      }
      const end = close < 0 ? start + OPENING.length : close + CLOSING.length
      const tag = close < 0 ? null : TAG.exec(text.slice(start, end))
      pushText(pieces, text.slice(from, tag ? start : end))
      if (tag) pieces.push({ type: 'card', cardId: tag[1] ?? '', kind: tag[2] ?? '' })
      from = end
    }
    const tail = possibleTagStart(text, from)
    pushText(pieces, text.slice(from, tail))
    this.#held = text.slice(tail)
    return pieces
  }
}

/** Where the longest ending of the text starts that could be the beginning of a tag; the text's end if none. */
function possibleTagStart(text: string, from: number): number {
  const earliest = Math.max(from, text.length - OPENING.length + 1)
  for (let start = text.indexOf('<', earliest); start >= 0; start = text.indexOf('<', start + 1)) {
    if (OPENING.startsWith(text.slice(start))) return start
  }
  return text.length
}

function pushText(pieces: AnswerPiece[], text: string): void {
  if (text !== '') pieces.push({ type: 'text', text })
}
