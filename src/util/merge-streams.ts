/** An item and which stream it came from. */
export interface MergedItem<Item> {
  readonly index: number
  readonly item: Item
}

/** The items of several streams as they come; leaving early, or a failure of one, closes all. */
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
    await Promise.allSettled(streams.map((stream) => stream.return(undefined)))
  }
}
