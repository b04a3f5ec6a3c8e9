import { countTokens, decode, encode } from 'gpt-tokenizer/encoding/o200k_base'

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
const asText = { allowedSpecial: new Set<string>() }

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<TokenJob>): void => {
  self.postMessage(run(data))
}

function run({ id, text, maxTokens }: TokenJob): TokenResult {
  if (maxTokens === undefined) return { id, count: countParts(text) }
  const kept = encode(text, asText).slice(0, maxTokens)
  return { id, count: kept.length, text: decode(kept) }
}

function countParts(text: string): number {
  let count = 0
  for (let start = 0; start < text.length; start += MAX_PART_LENGTH) {
    count += countTokens(text.slice(start, start + MAX_PART_LENGTH), asText)
  }
  return count
}
