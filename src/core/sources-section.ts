import type { ChatEvent, Source } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** An unused Markdown link definition: invisible to readers, and how we know our own section again. */
const MARKER = '[grok2api-sources]: #'

/** Appends the sources of an answer to its text (`features.show_search_sources`). */
export class SourcesSection implements EventFilter {
  readonly #sources: Source[] = []

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    for (const event of batch) if (event.type === 'source') this.#sources.push(event)
    const hasEnd = batch.some((event) => event.type === 'finish')
    if (!hasEnd || this.#sources.length === 0) return batch
    const lines = this.#sources.map(({ title, url }) => `- [${escapeTitle(title)}](${url})`)
    const text = `\n\n${MARKER}\n\n## Sources\n\n${lines.join('\n')}\n`
    const section: ChatEvent = { type: 'text-delta', text }
    return batch.flatMap((event): ChatEvent[] => (event.type === 'finish' ? [section, event] : [event]))
  }
}

/** An answer without the section, so that sections do not pile up in a conversation's history. */
export function withoutSourcesSection(text: string): string {
  const at = text.indexOf(MARKER)
  return at < 0 ? text : text.slice(0, at)
}

function escapeTitle(title: string): string {
  return title.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[[\]]/g, String.raw`\$&`)
}
