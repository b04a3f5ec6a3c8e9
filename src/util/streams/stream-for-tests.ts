/** A stream that tells how often it was asked and whether it was closed; it may fail after its last item. */
export function watchedStream<Item>(items: readonly Item[], failure?: Error) {
  const state = { isClosed: false, pulled: 0 }
  async function* stream(): AsyncGenerator<Item> {
    try {
      for (const item of items) {
        state.pulled++
        yield item
      }
      if (failure) throw failure
    } finally {
      state.isClosed = true
    }
  }
  return { state, stream: stream() }
}

/** Every item of a stream, in order. */
export async function allOf<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of stream) items.push(item)
  return items
}
