/**
 * Waits for the first item of a stream and gives the stream back whole. It rejects with what the stream throws before
 * its first item, so that a failure can still be answered with a status.
 */
export async function startStream<Item>(stream: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await stream.next()
  return first.done ? stream : resume(first, stream)
}

/** Not a generator function: one that was never asked for an item would not pass on that it is closed. */
function resume<Item>(first: IteratorYieldResult<Item>, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let head: IteratorYieldResult<Item> | undefined = first
  const close = async (): Promise<IteratorResult<Item>> => {
    head = undefined
    return rest.return(undefined)
  }
  const resumed: AsyncGenerator<Item> = {
    next: () => {
      if (!head) return rest.next()
      const result = Promise.resolve(head)
      head = undefined
      return result
    },
    return: close,
    throw: async (reason) => {
      head = undefined
      return rest.throw(reason)
    },
    [Symbol.asyncIterator]: () => resumed,
    [Symbol.asyncDispose]: async () => {
      await close()
    },
  }
  return resumed
}
