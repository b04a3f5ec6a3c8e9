import type { ChatEvent } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** How a picture stands in an answer's text: its bare address, or a Markdown image (`features.image_format`). */
export type ImageLinkStyle = 'url' | 'markdown'

/** Writes the pictures of an answer into its text, each in a paragraph of its own (spec/public-api.md §4.7). */
export class ImageLinks implements EventFilter {
  readonly #style: ImageLinkStyle
  #hasText = false

  constructor(style: ImageLinkStyle) {
    this.#style = style
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    const events: ChatEvent[] = []
    let changed = false
    for (const event of batch) {
      events.push(event)
      if (event.type === 'image') {
        changed = true
        events.push({ type: 'text-delta', text: this.#link(event.url) })
      }
      this.#hasText ||= event.type === 'text-delta' || event.type === 'image'
    }
    return changed ? events : batch
  }

  #link(url: string): string {
    const link = this.#style === 'url' ? url : `![image](${url})`
    return `${this.#hasText ? '\n\n' : ''}${link}`
  }
}
