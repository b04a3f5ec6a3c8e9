import { deltaRest, placeFields, type EventWriter, type ItemPlace } from './event-writer.ts'
import type { ItemStatus, ReasoningItem } from './output-item.ts'

/** Thinking under way, shown as one part of a summary. */
export class OpenReasoning {
  readonly type = 'reasoning'
  readonly #writer: EventWriter
  readonly #place: ItemPlace
  /** The opaque text that stands for the thinking, where the caller asked for one. */
  readonly #sealed: string | undefined
  readonly #rest: string
  readonly #pieces: string[] = []

  constructor(writer: EventWriter, place: ItemPlace, sealed: string | undefined) {
    this.#writer = writer
    this.#place = place
    this.#sealed = sealed
    const part = this.#partFields()
    this.#rest = deltaRest(part)
    writer.add('response.output_item.added', {
      output_index: place.index,
      item: { type: 'reasoning', id: place.id, status: 'in_progress', summary: [] } satisfies ReasoningItem,
    })
    writer.add('response.reasoning_summary_part.added', { ...part, part: { type: 'summary_text', text: '' } })
  }

  addText(text: string): void {
    this.#pieces.push(text)
    this.#writer.addDelta('response.reasoning_summary_text.delta', this.#rest, text)
  }

  close(status: 'completed' | 'incomplete'): ReasoningItem {
    const part = this.#partFields()
    const text = this.#pieces.join('')
    this.#writer.add('response.reasoning_summary_text.done', { ...part, text })
    this.#writer.add('response.reasoning_summary_part.done', {
      ...part,
      part: { type: 'summary_text', text },
    })
    const item = this.snapshot(status)
    this.#writer.add('response.output_item.done', { output_index: this.#place.index, item })
    return item
  }

  /** The item as it stands. */
  snapshot(status: ItemStatus): ReasoningItem {
    return {
      type: 'reasoning',
      id: this.#place.id,
      status,
      summary: [{ type: 'summary_text', text: this.#pieces.join('') }],
      ...(this.#sealed !== undefined && { encrypted_content: this.#sealed }),
    }
  }

  #partFields() {
    return { ...placeFields(this.#place), summary_index: 0 }
  }
}
