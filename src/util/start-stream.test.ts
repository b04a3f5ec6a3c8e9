import { describe, expect, test } from 'bun:test'
import { startStream } from './start-stream.ts'

/** A stream that says whether it was closed. */
function watched<Item>(items: readonly Item[], failure?: Error) {
  const state = { closed: false, pulled: 0 }
  async function* stream(): AsyncGenerator<Item> {
    try {
      for (const item of items) {
        state.pulled++
        yield item
      }
      if (failure) throw failure
    } finally {
      state.closed = true
    }
  }
  return { state, stream: stream() }
}

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('a started stream', () => {
  test.each([[[]], [[1]], [[1, 2, 3]]])('gives every item of %p once and in order', async (items) => {
    const { stream, state } = watched(items)
    expect(await all(await startStream(stream))).toEqual(items)
    expect(state.closed).toBe(true)
  })

  test('was asked for its first item and no more', async () => {
    const { stream, state } = watched([1, 2, 3])
    await startStream(stream)
    expect(state.pulled).toBe(1)
  })

  test('rejects at once with what is thrown before the first item', async () => {
    const { stream } = watched([], new Error('refused'))
    await expect(startStream(stream)).rejects.toThrow('refused')
  })

  test('throws later what is thrown after the first item', async () => {
    const { stream } = watched([1], new Error('broken off'))
    const started = await startStream(stream)
    expect(await started.next()).toEqual({ done: false, value: 1 })
    await expect(started.next()).rejects.toThrow('broken off')
  })

  test('is closed when its reader leaves after the first item', async () => {
    const { stream, state } = watched([1, 2, 3])
    for await (const item of await startStream(stream)) if (item === 1) break
    expect(state.closed).toBe(true)
  })

  test('is closed when nobody ever asks for an item', async () => {
    const { stream, state } = watched([1, 2, 3])
    const started = await startStream(stream)
    await started.return(undefined)
    expect(state.closed).toBe(true)
    expect((await started.next()).done).toBe(true)
  })

  test('is closed by leaving the scope that uses it', async () => {
    const { stream, state } = watched([1, 2, 3])
    {
      await using started = await startStream(stream)
      expect(await started.next()).toEqual({ done: false, value: 1 })
    }
    expect(state.closed).toBe(true)
  })

  test('is closed when its reader throws into it', async () => {
    const { stream, state } = watched([1, 2, 3])
    const started = await startStream(stream)
    await expect(started.throw(new Error('enough'))).rejects.toThrow('enough')
    expect(state.closed).toBe(true)
  })
})
