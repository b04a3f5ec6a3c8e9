import type { ChatEvent, Image } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** Writes the pictures of an answer into its text, each in a paragraph of its own (spec/public-api.md §4.7). */
export class ImageLinks implements EventFilter {
  #hasText = false
  /** A paragraph ended with a picture: what comes after it begins a new one. */
  #endsWithImage = false
  /** Code points put into the text so far: later citations stand further down by as many. */
  #added = 0

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    if (this.#added === 0 && !batch.some(({ type }) => type === 'image')) {
      this.#hasText ||= batch.some(({ type }) => type === 'text-delta')
      return batch
    }
    return batch.flatMap((event) => this.#write(event))
  }

  #write(event: ChatEvent): readonly ChatEvent[] {
    switch (event.type) {
      case 'image':
        return [event, { type: 'text-delta', text: this.#paragraph(event) }]
      case 'text-delta':
        return [{ ...event, text: this.#follow(event.text) }]
      case 'citation':
        return [{ ...event, start: event.start + this.#added, end: event.end + this.#added }]
      default:
        return [event]
    }
  }

  #paragraph({ url, text = url }: Image): string {
    const paragraph = `${this.#hasText ? '\n\n' : ''}${text}`
    this.#added += countCodePoints(paragraph)
    this.#hasText = true
    this.#endsWithImage = true
    return paragraph
  }

  #follow(text: string): string {
    this.#hasText = true
    if (!this.#endsWithImage || text === '') return text
    this.#endsWithImage = false
    const present = /^\n*/.exec(text)?.[0].length ?? 0
    const missing = '\n'.repeat(Math.max(0, 2 - present))
    this.#added += missing.length
    return missing + text
  }
}

/** Without taking it apart: a picture's data may be large. */
function countCodePoints(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0)
}
