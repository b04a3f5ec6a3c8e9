import { OVER, PulledStream } from './pulled-stream.ts'

/** A stream that is opened when its first item is asked for; never, if nobody asks. */
export function lateStream<Item>(open: () => Promise<AsyncGenerator<Item>>): AsyncGenerator<Item> {
  return new LateStream(open)
}

class LateStream<Item> extends PulledStream<Item> {
  readonly #open: () => Promise<AsyncGenerator<Item>>
  #opening: Promise<AsyncGenerator<Item>> | undefined
  #stream: AsyncGenerator<Item> | undefined
  #isOver = false

  constructor(open: () => Promise<AsyncGenerator<Item>>) {
    super()
    this.#open = open
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    return this.#stream ? this.#stream.next() : this.#start()
  }

  protected async close(): Promise<void> {
    this.#isOver = true
    const stream = await this.#opening?.catch(() => undefined) // whoever asked for the item is told
    await stream?.return(undefined)
  }

  async #start(): Promise<IteratorResult<Item, undefined>> {
    if (this.#isOver) return OVER
    try {
      this.#opening ??= this.#open()
      this.#stream = await this.#opening
    } catch (thrown) {
      this.#isOver = true
      throw thrown
    }
    return this.#stream.next()
  }
}
