import { PulledStream } from './pulled-stream.ts'

/**
 * Waits for the first item of a stream and gives the stream back whole. It rejects with what the stream throws before
 * its first item, so that a failure can still be answered with a status.
 */
export async function startStream<Item>(stream: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await stream.next()
  return first.done ? stream : new StartedStream(first, stream)
}

class StartedStream<Item> extends PulledStream<Item> {
  readonly #rest: AsyncGenerator<Item>
  #first: IteratorYieldResult<Item> | undefined

  constructor(first: IteratorYieldResult<Item>, rest: AsyncGenerator<Item>) {
    super()
    this.#first = first
    this.#rest = rest
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const first = this.#first
    if (!first) return this.#rest.next()
    this.#first = undefined
    return Promise.resolve(first)
  }

  protected async close(): Promise<void> {
    this.#first = undefined
    await this.#rest.return(undefined)
  }
}
