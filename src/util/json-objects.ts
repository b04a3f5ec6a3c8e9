/** The largest single object that is accepted unless told, in UTF-16 units (spec/upstream-chat.md §5.1.1: 8 MiB). */
const MAX_OBJECT_LENGTH = 8 * 1024 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const END_MARKER = '[DONE]'

/** The stream broke off inside an object, or an object is larger than the bound. */
export class JsonObjectsError extends Error {
  override readonly name = 'JsonObjectsError'
}

/**
 * Cuts JSON objects out of a byte stream by brace balance, wherever the chunks and lines are cut. Text between objects
 * (`data:` prefixes, blank lines) is skipped; an object that is not valid JSON is skipped and counted.
 */
export class JsonObjectReader {
  readonly #decoder = new TextDecoder()
  readonly #maxLength: number
  /** Earlier chunks of the object that is still open. */
  #carried: string[] = []
  #carriedLength = 0
  #depth = 0
  #inString = false
  #escaped = false
  /** The end of the text before the next object, kept because a marker may be split over chunks. */
  #gap = ''
  /** Whether a whole line has so far always been a whole object: then the native parser finds the end for us. */
  #linewise = true
  #malformed = 0
  #ended = false

  /** `maxLength` bounds a single object, in UTF-16 units. */
  constructor(maxLength = MAX_OBJECT_LENGTH) {
    this.#maxLength = maxLength
  }

  /** How many balanced pieces were not valid JSON. */
  get malformed(): number {
    return this.#malformed
  }

  /** Whether `[DONE]` was seen; nothing after it is read. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether an object was begun that is not complete yet. */
  get isInside(): boolean {
    return this.#depth > 0
  }

  /** The objects that this chunk completes, in order. */
  push(chunk: Uint8Array): unknown[] {
    return this.#read(this.#decoder.decode(chunk, { stream: true }))
  }

  /** The objects that the end of the stream completes (none, but for a decoder's last character); throws inside an object. */
  end(): unknown[] {
    const rest = this.#read(this.#decoder.decode())
    if (this.#depth > 0) throw new JsonObjectsError('the stream ended inside an object')
    return rest
  }

  #read(text: string): unknown[] {
    const found: unknown[] = []
    let at = 0
    while (at < text.length && !this.#ended) {
      if (this.#depth > 0) {
        at = this.#finishObject(text, at, found)
        continue
      }
      const open = this.#skipGap(text, at)
      if (open < 0) break
      at = this.#wholeLine(text, open, found) ?? this.#finishObject(text, open, found)
    }
    return found
  }

  /** The start of the next object at or after `from`, or -1; notes an end marker on the way. */
  #skipGap(text: string, from: number): number {
    const open = text.indexOf('{', from)
    const between = open < 0 ? text.slice(from) : text.slice(from, open)
    if (between.length > 1 || this.#gap !== '') {
      const gap = this.#gap + between
      this.#ended = gap.includes(END_MARKER)
      this.#gap = open < 0 ? gap.slice(1 - END_MARKER.length) : ''
    } else if (open < 0) this.#gap = between
    return this.#ended ? -1 : open
  }

  /** Parses the rest of the line as one object; the position after it, or undefined if the line is something else. */
  #wholeLine(text: string, open: number, found: unknown[]): number | undefined {
    if (!this.#linewise) return undefined
    const lineEnd = text.indexOf('\n', open)
    if (lineEnd < 0) return undefined
    try {
      found.push(JSON.parse(text.slice(open, lineEnd)))
      return lineEnd + 1
    } catch {
      this.#linewise = false // several objects in one line, or one over several: the scanner takes over
      return undefined
    }
  }

  /** Reads on in an open object; keeps what is incomplete. Returns the position after what was read. */
  #finishObject(text: string, start: number, found: unknown[]): number {
    const end = this.#scan(text, start)
    if (this.#carriedLength + end - start > this.#maxLength) {
      throw new JsonObjectsError(`an object is longer than ${this.#maxLength} characters`)
    }
    const piece = text.slice(start, end)
    if (this.#depth > 0) {
      this.#carried.push(piece)
      this.#carriedLength += piece.length
      return end
    }
    this.#parse(this.#carried.join('') + piece, found)
    this.#carried = []
    this.#carriedLength = 0
    return end
  }

  #parse(text: string, found: unknown[]): void {
    try {
      found.push(JSON.parse(text))
    } catch {
      this.#malformed++ // unknown frames are normal (§0.3); the caller reports the count
    }
  }

  /** The position after the brace that closes the object, or the end of the text. */
  #scan(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (this.#inString) this.#stepInString(unit)
      else if (unit === QUOTE) this.#inString = true
      else if (unit === OPEN) this.#depth++
      else if (unit === CLOSE && --this.#depth === 0) return at + 1
    }
    return text.length
  }

  #stepInString(unit: number): void {
    if (this.#escaped) this.#escaped = false
    else if (unit === BACKSLASH) this.#escaped = true
    else if (unit === QUOTE) this.#inString = false
  }
}
