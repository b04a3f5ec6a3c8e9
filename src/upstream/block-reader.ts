import { blockEnds, type BlockKind } from './tool-block.ts'

/** The longest block of calls that is waited for, in UTF-16 units; a longer one is ordinary text. */
const MAX_BLOCK_LENGTH = 8 * 1024 * 1024

/** The longest closing tag with white space in it that is recognised across pieces. */
const MAX_END_LENGTH = 64

/** Gathers the text of one block of calls until its end has come. */
export class BlockReader {
  readonly kind: BlockKind
  #text = ''
  /** Up to here the text was looked through for its end. */
  #searched = 0
  #depth = 0
  #isInString = false

  constructor(kind: BlockKind) {
    this.kind = kind
  }

  get text(): string {
    return this.#text
  }

  get isTooLong(): boolean {
    return this.#text.length > MAX_BLOCK_LENGTH
  }

  /** Takes more text; returns how much of the whole text the block is, once that is known. */
  push(piece: string): number | undefined {
    this.#text += piece
    // without a closing sign among what is new nothing has ended, and the text need not be put together
    if (!/[>\]}]/.test(piece)) return undefined
    return this.kind === 'json' ? this.#findBracket() : this.#findTag(blockEnds[this.kind])
  }

  #findTag(end: RegExp): number | undefined {
    for (;;) {
      end.lastIndex = this.#searched
      const found = end.exec(this.#text)
      if (!found) {
        this.#searched = Math.max(this.#searched, this.#text.length - MAX_END_LENGTH)
        return undefined
      }
      this.#searched = found.index + found[0].length
      if (this.#isEnd(found.index)) return this.#searched
    }
  }

  /** A closing tag of the root that does not follow a closed call stands inside an input. */
  #isEnd(at: number): boolean {
    return (
      this.kind !== 'tool_calls' ||
      /<\/?tool_calls?\s*>\s*$/i.test(this.#text.slice(0, at).slice(-MAX_END_LENGTH))
    )
  }

  #findBracket(): number | undefined {
    for (let at = this.#searched; at < this.#text.length; at++) {
      const character = this.#text[at]
      if (this.#isInString) {
        if (character === '\\') at++
        else if (character === '"') this.#isInString = false
      } else if (character === '"') this.#isInString = true
      else if (character === '{' || character === '[') this.#depth++
      else if ((character === '}' || character === ']') && --this.#depth === 0) {
        this.#searched = at + 1
        return this.#searched
      }
      this.#searched = at + 1
    }
    return undefined
  }
}
