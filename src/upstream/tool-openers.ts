import type { BlockKind } from './tool-block.ts'

/** Where a block of calls may begin in a text, and whether that is sure yet. */
export interface Opener {
  readonly at: number
  /** Absent: the text ends too early to tell. */
  readonly kind?: BlockKind
}

/** Signs of the shortest fence. */
const FENCE_LENGTH = 3

/** White space inside an opening that is waited through; more makes it ordinary text. */
const MAX_OPENING_LENGTH = 128

const tags: readonly Exclude<BlockKind, 'json'>[] = ['tool_calls', 'tool_call', 'function_call', 'invoke']

/** Openings in JSON: the pieces in order, white space allowed between them. */
const jsonOpenings: readonly (readonly string[])[] = [
  ['{', '"tool_calls"', ':', '['],
  ...['"name"', '"tool_name"', '"function"', '"id"', '"type"'].map((key) => ['[', '{', key, ':']),
]

/**
 * Reads Markdown as it streams, to find where calls may begin: not in a code fence, not in inline code, not in a quoted
 * line. Pieces of text must come in order and each once.
 */
export class OpenerFinder {
  #fence: string | undefined
  /** The length of the backtick run that opened inline code in this line; 0: none. */
  #codeRun = 0
  /** Backticks of the run that is being read, which may go on in the next piece; and whether the line begins with it. */
  #run = 0
  #isRunFirst = false
  /** The beginning of the current line, as far as it decides what the line is. */
  #lineStart = ''
  #isLineKnown = false
  #isQuoted = false
  /** Nothing but white space so far. */
  #isBlank = true

  /** The first possible opening in the text from a position on; everything before it has then been read. */
  find(text: string): Opener | undefined {
    let position = 0
    while (position < text.length) {
      if (text[position] !== '`') this.#endRun()
      const opener = this.#openerAt(text, position)
      if (opener) return opener
      position = this.#read(text, position)
    }
    return undefined
  }

  /** Reads over text in which openings do not count: it turned out to be none. */
  skip(text: string): void {
    let position = 0
    while (position < text.length) {
      if (text[position] !== '`') this.#endRun()
      position = this.#read(text, position)
    }
  }

  #openerAt(text: string, at: number): Opener | undefined {
    const character = text[at]
    if (this.#fence !== undefined || this.#codeRun > 0) return undefined
    if (character === '<' && !this.#isQuoted) return findTag(text, at)
    const atStart = this.#lineStart.trim() === '' && !this.#isLineKnown
    if (atStart && (character === '{' || (character === '[' && this.#isBlank))) return jsonAt(text, at)
    return undefined
  }

  /** Reads one character, or one run of backticks; returns the position after it. */
  #read(text: string, at: number): number {
    const character = text[at] ?? ''
    if (character === '\n') {
      this.#endLine()
      return at + 1
    }
    if (character.trim() !== '') this.#isBlank = false
    if (this.#isLineKnown && character !== '`') return nextSign(text, at + 1)
    let end = at + 1
    if (character === '`') while (text[end] === '`') end++
    this.#readInLine(text.slice(at, end))
    return end
  }

  #readInLine(piece: string): void {
    const isRun = piece.startsWith('`')
    if (!this.#isLineKnown || (isRun && this.#isRunFirst && this.#run > 0)) {
      this.#lineStart += piece
      const start = this.#lineStart.trimStart()
      if (start.startsWith('>')) this.#isQuoted = true
      // up to three signs decide whether a line is a fence
      this.#isLineKnown = start !== '' && !/^(?:`{1,2}|~{1,2})$/.test(start)
      this.#isRunFirst = isRun && /^`+$/.test(start)
    } else if (this.#run === 0) this.#isRunFirst = false
    if (isRun) this.#run += piece.length
  }

  /** A run of backticks is over: inline code begins or ends, unless it is a fence or stands in one. */
  #endRun(): void {
    const run = this.#run
    this.#run = 0
    if (run === 0 || this.#fence !== undefined || (this.#isRunFirst && run >= FENCE_LENGTH)) return
    if (this.#codeRun === 0) this.#codeRun = run
    else if (this.#codeRun === run) this.#codeRun = 0
  }

  #endLine(): void {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(this.#lineStart)?.[1]
    if (mark !== undefined) {
      if (this.#fence === undefined) this.#fence = mark
      else if (mark.startsWith(this.#fence)) this.#fence = undefined
    }
    this.#lineStart = ''
    this.#isLineKnown = false
    this.#isQuoted = false
    this.#codeRun = 0
    this.#isRunFirst = false
  }
}

/** Where the next character stands that may mean something inside a line whose beginning is known. */
function nextSign(text: string, from: number): number {
  SIGN.lastIndex = from
  return SIGN.exec(text)?.index ?? text.length
}

const SIGN = /[<`\n]/g

/** The opening tag of a block at exactly this place, or what may become one. */
export function findTag(text: string, at: number): Opener | undefined {
  const rest = text.slice(at + 1, at + MAX_OPENING_LENGTH).toLowerCase()
  const [, name = '', gap = '', after = ''] = /^(\w*)(\s*)([\s\S]*)$/.exec(rest) ?? []
  const isAtEnd = at + MAX_OPENING_LENGTH >= text.length
  if (after === '' && isAtEnd) {
    const mayBe = gap === '' ? tags.some((tag) => tag.startsWith(name)) : tags.some((tag) => tag === name)
    return mayBe ? { at } : undefined
  }
  const kind = tags.find((tag) => tag === name)
  if (kind === undefined) return undefined
  if (kind !== 'invoke') return after.startsWith('>') ? { at, kind } : undefined
  if (gap === '') return undefined
  if (after.startsWith('name')) return { at, kind }
  return isAtEnd && 'name'.startsWith(after) ? { at } : undefined
}

function jsonAt(text: string, at: number): Opener | undefined {
  const rest = text.slice(at, at + MAX_OPENING_LENGTH)
  const found = new Set(jsonOpenings.map((pieces) => matchPieces(rest, pieces)))
  if (found.has('whole')) return { at, kind: 'json' }
  return found.has('start') && rest.length < MAX_OPENING_LENGTH ? { at } : undefined
}

/** Whether the text begins with all pieces, or ends while it still might. */
function matchPieces(text: string, pieces: readonly string[]): 'whole' | 'start' | 'none' {
  let rest = text
  for (const piece of pieces) {
    rest = rest.trimStart()
    if (rest.length < piece.length) return piece.startsWith(rest) ? 'start' : 'none'
    if (!rest.startsWith(piece)) return 'none'
    rest = rest.slice(piece.length)
  }
  return 'whole'
}
