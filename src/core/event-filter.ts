import type { ChatEvent, ChatStream } from './chat-event.ts'

/** A step between the upstream's events and a door's: it may change, drop or add events of a batch. */
export interface EventFilter {
  /** The batch as it goes on; a filter that leaves it alone returns the same array. */
  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] | Promise<readonly ChatEvent[]>
  /** True once the answer is to end here: the batch just returned is the last. */
  readonly done?: boolean
}

/** Sends a stream through filters, in order. When one is done, the stream is closed, whatever the upstream has left. */
export async function* filterEvents(
  stream: ChatStream,
  filters: readonly EventFilter[],
): AsyncGenerator<readonly ChatEvent[]> {
  for await (const original of stream) {
    let batch = original
    for (const filter of filters) {
      const filtered = filter.apply(batch)
      batch = filtered instanceof Promise ? await filtered : filtered
    }
    if (batch.length > 0) yield batch
    if (filters.some((filter) => filter.done)) return
  }
}
