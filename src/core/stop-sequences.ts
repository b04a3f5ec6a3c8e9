import type { ChatEvent } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** Ends an answer before the first of the sequences; text that may be the start of one is held back until it is known. */
export class StopSequences implements EventFilter {
  readonly #sequences: readonly string[]
  #held = ''
  done = false

  constructor(sequences: readonly string[]) {
    this.#sequences = sequences.filter((sequence) => sequence !== '')
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    if (this.#sequences.length === 0) return batch
    const kept: ChatEvent[] = []
    for (const event of batch) {
      if (event.type === 'text-delta') this.#pushText(event.text, kept)
      else this.#pushOther(event, kept)
      if (this.done) break
    }
    return kept
  }

  #pushText(delta: string, kept: ChatEvent[]): void {
    const text = this.#held + delta
    const stop = this.#firstStop(text)
    const end = stop?.at ?? text.length - this.#longestStart(text)
    this.#held = text.slice(end)
    if (end > 0) kept.push({ type: 'text-delta', text: text.slice(0, end) })
    if (!stop) return
    this.done = true
    kept.push({ type: 'finish', reason: 'stop', stopSequence: stop.sequence })
  }

  #pushOther(event: ChatEvent, kept: ChatEvent[]): void {
    if (event.type === 'finish' && this.#held !== '') {
      kept.push({ type: 'text-delta', text: this.#held })
      this.#held = ''
    }
    kept.push(event)
  }

  /** Where the first sequence begins, if one is there. */
  #firstStop(text: string): { readonly at: number; readonly sequence: string } | undefined {
    let first: { at: number; sequence: string } | undefined
    for (const sequence of this.#sequences) {
      const at = text.indexOf(sequence)
      if (at >= 0 && (!first || at < first.at)) first = { at, sequence }
    }
    return first
  }

  /** The length of the longest ending of the text that is a beginning of a sequence. */
  #longestStart(text: string): number {
    let longest = 0
    for (const sequence of this.#sequences) {
      const most = Math.min(sequence.length - 1, text.length)
      for (let length = most; length > longest; length--) {
        if (text.endsWith(sequence.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
