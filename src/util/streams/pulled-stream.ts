/** What a stream gives: an item, or that it is over. */
export type Pulled<Item> = IteratorResult<Item, undefined>

/** What the reader of a stream gets when it is over. */
export const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * The base of streams that stand between others. They are not generator functions because every batch of every answer
 * passes several of them, and a generator makes three promises of each. As there, one item is asked for at a time, and a
 * stream that is closed while it waits closes when what it waits for has come or failed.
 */
export abstract class PulledStream<Item> implements AsyncGenerator<Item> {
  abstract next(): Promise<Pulled<Item>>

  /** Closes what the items are pulled from. Called whenever the reader leaves, also when nothing is left to close. */
  protected abstract close(): Promise<void>

  async return(): Promise<Pulled<Item>> {
    await this.close()
    return OVER
  }

  async throw(reason: unknown): Promise<Pulled<Item>> {
    await this.close()
    throw reason
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
