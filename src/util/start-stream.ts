/**
 * Waits for the first item of a stream and gives the stream back whole. It rejects with what the stream throws before
 * its first item, so that a failure can still be answered with a status.
 */
export async function startStream<Item>(stream: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await stream.next()
  return first.done ? stream : resume(first.value, stream)
}

async function* resume<Item>(first: Item, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield first
    for await (const item of rest) yield item
  } finally {
    await rest.return(undefined) // also when nobody asked for more than the first item
  }
}
