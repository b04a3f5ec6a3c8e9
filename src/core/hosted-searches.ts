import type { ChatEvent, HostedSearch, Source, SourceKind, ToolStart } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

const searchTools: Readonly<Record<string, SourceKind>> = {
  web_search: 'web',
  x_search: 'x_post',
  x_keyword_search: 'x_post',
  x_semantic_search: 'x_post',
}

/** Searches of one answer that are told of; what a service does beyond that stays in its sources. */
const MAX_SEARCHES = 256

interface OpenSearch {
  readonly start: ToolStart
  readonly kind: SourceKind
  readonly sources: Source[]
}

/**
 * Tells of each search of the service once it has ended, with what it found: at its end, or at the latest when the
 * answer's text begins. The events that it is made of go on as they are.
 */
export class HostedSearches implements EventFilter {
  readonly #open = new Map<string, OpenSearch>()
  #count = 0

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    const events: ChatEvent[] = []
    for (const event of batch) {
      if (event.type === 'tool-start') this.#begin(event)
      else if (event.type === 'source') this.#add(event)
      else if (event.type === 'text-delta' || event.type === 'finish') events.push(...this.#endAll())
      events.push(event)
      if (event.type === 'tool-end') events.push(...this.#end(event.id))
    }
    return events
  }

  #begin(start: ToolStart): void {
    const kind = searchTools[start.tool]
    if (!kind || this.#count >= MAX_SEARCHES) return
    this.#count++
    this.#open.set(start.id, { start, kind, sources: [] })
  }

  /** A source belongs to the oldest open search of its kind: the wire does not say which one found it. */
  #add(source: Source): void {
    const open = [...this.#open.values()]
    const search = open.find(({ kind }) => kind === source.kind) ?? open[0]
    search?.sources.push(source)
  }

  #end(id: string): HostedSearch[] {
    const search = this.#open.get(id)
    if (!search) return []
    this.#open.delete(id)
    const { start, kind, sources } = search
    return [{ type: 'hosted-search', id, kind, query: start.argument ?? '', sources }]
  }

  #endAll(): HostedSearch[] {
    return [...this.#open.keys()].flatMap((id) => this.#end(id))
  }
}
