import o200k from 'gpt-tokenizer/bpeRanks/o200k_base'
import { countTokens, encode } from 'gpt-tokenizer/encoding/o200k_base'

/** A job for the worker: count a text, or cut it to a number of tokens. */
export interface TokenJob {
  readonly id: number
  readonly text: string
  readonly maxTokens?: number
}

/** The answer to a job: its number, and what was asked for. */
export interface TokenResult {
  readonly id: number
  readonly count: number
  readonly text?: string
}

/**
 * A run of one letter, or of text without blanks, makes the pair-merging slow; longer pieces are cut into parts of this
 * length. The count may then be a few tokens off, which an estimate can bear.
 */
const MAX_PART_LENGTH = 4096

/** Control tokens in somebody's text are text. */
const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() }

const encoder = new TextEncoder()

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<TokenJob>): void => {
  self.postMessage(run(data))
}

function run({ id, text, maxTokens }: TokenJob): TokenResult {
  return maxTokens === undefined ? { id, count: countParts(text) } : { id, ...truncate(text, maxTokens) }
}

function countParts(text: string): number {
  let count = 0
  for (const part of cut(text)) count += countTokens(part, asText)
  return count
}

function truncate(text: string, maxTokens: number): Omit<TokenResult, 'id'> {
  let count = 0
  let length = 0
  for (const part of cut(text)) {
    const tokens = encode(part, asText)
    const kept = tokens.slice(0, maxTokens - count)
    count += kept.length
    length += kept.length < tokens.length ? lengthOf(kept) : part.length
    if (count >= maxTokens) break
  }
  return { count, text: text.slice(0, length) }
}

/** How many characters the tokens stand for; one that they hold only in part does not count. */
function lengthOf(tokens: readonly number[]): number {
  // a decoder of its own: the library's keeps what is left over for the next text, which may be somebody else's
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let length = 0
  for (const token of tokens) {
    const bytes = o200k[token]
    if (bytes === undefined) throw new RangeError(`no token ${token}`)
    const encoded = typeof bytes === 'string' ? encoder.encode(bytes) : Uint8Array.from(bytes)
    length += decoder.decode(encoded, { stream: true }).length
  }
  return length
}

/** The text in parts that do not split a surrogate pair. */
function* cut(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    const isInPair = /[\ud800-\udbff]/.test(text.charAt(start + MAX_PART_LENGTH - 1))
    const end = start + MAX_PART_LENGTH + (isInPair ? 1 : 0)
    yield text.slice(start, end)
    start = end
  }
}
