/** An item and which stream it came from. */
export interface MergedItem<Item> {
  readonly index: number
  readonly item: Item
}

/** Numbers the items of one stream: merging it would cost a race per item. */
export function numberItems<Item>(stream: AsyncGenerator<Item>): AsyncIterable<MergedItem<Item>> {
  const number = (result: IteratorResult<Item, unknown>): IteratorResult<MergedItem<Item>> =>
    result.done ? { done: true, value: undefined } : { done: false, value: { index: 0, item: result.value } }
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => stream.next().then(number),
      return: () => stream.return(undefined).then(number),
    }),
  }
}

/**
 * The items of several streams as they come; leaving early, or a failure of one, closes all. A stream that is waiting for
 * its next item closes when that has come or failed: nobody waits for it here.
 */
export async function* mergeStreams<Item>(
  streams: readonly AsyncGenerator<Item>[],
): AsyncGenerator<MergedItem<Item>> {
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
