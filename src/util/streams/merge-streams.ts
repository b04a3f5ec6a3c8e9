import { OVER, PulledStream } from './pulled-stream.ts'

/** An item and which stream it came from. */
export interface MergedItem<Item> {
  readonly index: number
  readonly item: Item
}

/**
 * The items of several streams as they come; leaving early, or a failure of one, closes all. A stream that is waiting for
 * its next item closes when that has come or failed: nobody waits for it here.
 */
export function mergeStreams<Item>(
  streams: readonly AsyncGenerator<Item>[],
): AsyncGenerator<MergedItem<Item>> {
  const [only, ...others] = streams
  // one alone needs no race for every item
  return only && others.length === 0 ? new NumberedStream(only) : race(streams)
}

class NumberedStream<Item> extends PulledStream<MergedItem<Item>> {
  readonly #source: AsyncGenerator<Item>

  constructor(source: AsyncGenerator<Item>) {
    super()
    this.#source = source
  }

  next(): Promise<IteratorResult<MergedItem<Item>, undefined>> {
    return this.#source.next().then(number)
  }

  protected async close(): Promise<void> {
    await this.#source.return(undefined)
  }
}

function number<Item>(result: IteratorResult<Item>): IteratorResult<MergedItem<Item>, undefined> {
  return result.done ? OVER : { done: false, value: { index: 0, item: result.value } }
}

async function* race<Item>(streams: readonly AsyncGenerator<Item>[]): AsyncGenerator<MergedItem<Item>> {
  const pull = async (index: number, stream: AsyncGenerator<Item>) => ({
    index,
    stream,
    result: await stream.next(),
  })
  const start = (index: number, stream: AsyncGenerator<Item>): ReturnType<typeof pull> => {
    const pulled = pull(index, stream)
    pulled.catch(() => undefined) // the race below meets it; until then nobody listens, which would end the process
    return pulled
  }
  const pending = new Map(streams.map((stream, index) => [index, start(index, stream)]))
  try {
    // each round takes one item or ends one stream
    while (pending.size > 0) {
      const { index, stream, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(index)
        continue
      }
      pending.set(index, start(index, stream))
      yield { index, item: result.value }
    }
  } finally {
    for (const stream of streams) stream.return(undefined).catch(() => undefined) // it fails with what it waited for
  }
}
