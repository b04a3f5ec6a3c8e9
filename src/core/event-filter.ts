import { OVER, PulledStream } from '../util/streams/pulled-stream.ts'
import type { ChatEvent } from './chat-event.ts'

/** A step between the upstream's events and a door's: it may change, drop or add events of a batch. */
export interface EventFilter {
  /** The batch as it goes on; a filter that leaves it alone returns the same array. */
  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] | Promise<readonly ChatEvent[]>
  /** True once the answer is to end here: the batch just returned is the last. */
  readonly done?: boolean
}

/** Sends a stream through filters, in order. When one is done, the stream is closed, whatever the upstream has left. */
export function filterEvents(stream: Batches, filters: readonly EventFilter[]): Batches {
  return new FilteredStream(stream, filters)
}

type Batches = AsyncGenerator<readonly ChatEvent[]>
type Result = IteratorResult<readonly ChatEvent[], undefined>

class FilteredStream extends PulledStream<readonly ChatEvent[]> {
  readonly #source: Batches
  readonly #filters: readonly EventFilter[]
  readonly #take: (result: IteratorResult<readonly ChatEvent[]>) => Result | Promise<Result>
  #isOver = false

  constructor(source: Batches, filters: readonly EventFilter[]) {
    super()
    this.#source = source
    this.#filters = filters
    this.#take = (result) => this.#pass(result)
  }

  next(): Promise<Result> {
    return this.#isOver ? this.return() : this.#source.next().then(this.#take)
  }

  protected async close(): Promise<void> {
    this.#isOver = true
    await this.#source.return(undefined)
  }

  #pass(result: IteratorResult<readonly ChatEvent[]>): Result | Promise<Result> {
    if (result.done) return OVER
    let batch = result.value
    try {
      for (let index = 0; index < this.#filters.length; index++) {
        const filtered = this.#filters[index]?.apply(batch) ?? batch
        if (filtered instanceof Promise) return this.#passLater(filtered, index + 1)
        batch = filtered
      }
    } catch (thrown) {
      return this.throw(thrown)
    }
    return this.#give(batch)
  }

  /** The rest of the way for a batch that a filter takes its time with. */
  async #passLater(pending: Promise<readonly ChatEvent[]>, from: number): Promise<Result> {
    try {
      let batch = await pending
      for (const filter of this.#filters.slice(from)) batch = await filter.apply(batch)
      return await this.#give(batch)
    } catch (thrown) {
      return this.throw(thrown)
    }
  }

  #give(batch: readonly ChatEvent[]): Result | Promise<Result> {
    if (this.#filters.some((filter) => filter.done)) this.#isOver = true
    return batch.length > 0 ? { done: false, value: batch } : this.next()
  }
}
