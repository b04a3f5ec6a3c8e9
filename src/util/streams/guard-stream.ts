import { OVER, PulledStream } from './pulled-stream.ts'

/** What is to happen when a stream ends, in whichever way it does. Each is called once at most. */
export interface StreamGuard {
  /** The stream came to its end. */
  readonly onEnd?: () => void
  /** The stream failed; what is returned is thrown in place of the failure. */
  readonly explain?: (thrown: unknown) => unknown
  /** It is over, by its end, a failure or because its reader left; nothing more is read. */
  readonly release?: () => void | PromiseLike<void>
}

/** The same stream, of which somebody learns how it ends. */
export function guardStream<Item>(stream: AsyncGenerator<Item>, guard: StreamGuard): AsyncGenerator<Item> {
  return new GuardedStream(stream, guard)
}

/** A stream that is opened under its guard: one that does not open has failed. */
export async function openGuarded<Item>(
  open: () => Promise<AsyncGenerator<Item>>,
  guard: StreamGuard,
): Promise<AsyncGenerator<Item>> {
  try {
    return guardStream(await open(), guard)
  } catch (thrown) {
    return failUnder(guard, thrown)
  }
}

async function failUnder({ explain, release }: StreamGuard, thrown: unknown): Promise<never> {
  try {
    throw explain ? explain(thrown) : thrown
  } finally {
    await release?.()
  }
}

class GuardedStream<Item> extends PulledStream<Item> {
  readonly #source: AsyncGenerator<Item>
  readonly #guard: StreamGuard
  #isOver = false
  readonly #take: (result: IteratorResult<Item>) => Taken<Item>
  readonly #fail: (thrown: unknown) => Promise<never>

  constructor(source: AsyncGenerator<Item>, guard: StreamGuard) {
    super()
    this.#source = source
    this.#guard = guard
    this.#take = (result) => (result.done ? this.#end() : result)
    this.#fail = (thrown) => this.#failWith(thrown)
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    return this.#isOver ? Promise.resolve(OVER) : this.#source.next().then(this.#take, this.#fail)
  }

  protected async close(): Promise<void> {
    try {
      await this.#source.return(undefined)
    } finally {
      await this.#release()
    }
  }

  async #end(): Promise<IteratorReturnResult<undefined>> {
    try {
      if (!this.#isOver) this.#guard.onEnd?.()
      return OVER
    } finally {
      await this.#release()
    }
  }

  async #failWith(thrown: unknown): Promise<never> {
    if (this.#isOver) throw thrown
    this.#isOver = true
    return failUnder(this.#guard, thrown)
  }

  async #release(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#guard.release?.()
  }
}

type Taken<Item> = IteratorResult<Item, undefined> | Promise<IteratorReturnResult<undefined>>
