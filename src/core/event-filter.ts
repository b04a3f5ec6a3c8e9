import type { ChatEvent } from './chat-event.ts'

/** A step between the upstream's events and a door's: it may change, drop or add events of a batch. */
export interface EventFilter {
  /** The batch as it goes on; a filter that leaves it alone returns the same array. */
  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] | Promise<readonly ChatEvent[]>
  /** True once the answer is to end here: the batch just returned is the last. */
  readonly done?: boolean
}

/**
 * Sends a stream through filters, in order. When one is done, the stream is closed, whatever the upstream has left. Not a
 * generator function: every batch of every answer passes here twice, and a generator makes three promises of it.
 */
export function filterEvents(stream: Batches, filters: readonly EventFilter[]): Batches {
  return new FilteredStream(stream, filters)
}

type Batches = AsyncGenerator<readonly ChatEvent[]>
type Result = IteratorResult<readonly ChatEvent[], undefined>

const OVER: Result = { done: true, value: undefined }

class FilteredStream implements Batches {
  readonly #source: Batches
  readonly #filters: readonly EventFilter[]
  readonly #take: (result: IteratorResult<readonly ChatEvent[]>) => Result | Promise<Result>
  #isOver = false

  constructor(source: Batches, filters: readonly EventFilter[]) {
    this.#source = source
    this.#filters = filters
    this.#take = (result) => this.#pass(result)
  }

  next(): Promise<Result> {
    return this.#isOver ? this.return() : this.#source.next().then(this.#take)
  }

  async return(): Promise<Result> {
    this.#isOver = true
    await this.#source.return(undefined)
    return OVER
  }

  async throw(reason: unknown): Promise<Result> {
    await this.return()
    throw reason
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
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
