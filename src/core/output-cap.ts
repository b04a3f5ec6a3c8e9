import type { ChatEvent } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** Counts and cuts text by tokens; asynchronous because it works on another thread. */
export interface Tokenizer {
  count(text: string): Promise<number>
  /** The longest beginning of the text that has at most so many tokens. */
  truncate(text: string, maxTokens: number): Promise<string>
}

/** No token stands for less than a byte, so that fewer bytes than tokens left need no counting. */
const encoder = new TextEncoder()

/** Ends an answer with `length` once its thinking and text have the given number of tokens (estimated). */
export class OutputCap implements EventFilter {
  readonly #tokenizer: Tokenizer
  #left: number
  /** Text that is let through but not yet counted: it is too short to reach the cap. */
  #uncounted = ''
  #uncountedBytes = 0
  done = false

  constructor(tokenizer: Tokenizer, maxTokens: number) {
    this.#tokenizer = tokenizer
    this.#left = maxTokens
  }

  async apply(batch: readonly ChatEvent[]): Promise<readonly ChatEvent[]> {
    const kept: ChatEvent[] = []
    for (const event of batch) {
      const isCounted = event.type === 'text-delta' || event.type === 'reasoning-delta'
      if (!isCounted || (await this.#fits(event.text))) {
        kept.push(event)
        continue
      }
      const text = await this.#tokenizer.truncate(event.text, this.#left)
      if (text !== '') kept.push({ ...event, text })
      kept.push({ type: 'finish', reason: 'length' })
      this.done = true
      break
    }
    return kept
  }

  /** Whether the text stays within the cap; if so, it is taken off. */
  async #fits(text: string): Promise<boolean> {
    const bytes = encoder.encode(text).length
    if (this.#uncountedBytes + bytes < this.#left) {
      this.#uncounted += text
      this.#uncountedBytes += bytes
      return true
    }
    this.#left -= await this.#tokenizer.count(this.#uncounted)
    this.#uncounted = ''
    this.#uncountedBytes = 0
    const tokens = await this.#tokenizer.count(text)
    if (tokens > this.#left) return false
    this.#left -= tokens
    return true
  }
}
