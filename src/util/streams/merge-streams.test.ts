import { describe, expect, test } from 'bun:test'
import { mergeStreams } from './merge-streams.ts'
import { allOf, watchedStream } from './stream-for-tests.ts'

/** A stream that is fed by hand. */
function fed() {
  const state = { closed: false }
  let next = Promise.withResolvers<number | undefined>()
  async function* read(): AsyncGenerator<number> {
    try {
      for (let item = await next.promise; item !== undefined; item = await next.promise) {
        next = Promise.withResolvers()
        yield item
      }
    } finally {
      state.closed = true
    }
  }
  return {
    state,
    stream: read(),
    give: (item: number) => next.resolve(item),
    fail: (reason: Error) => next.reject(reason),
    end: () => next.resolve(undefined),
  }
}

describe('merged streams', () => {
  test('come item by item, each with the stream that it is from', async () => {
    const [a, b] = [fed(), fed()]
    const merged = mergeStreams([a.stream, b.stream])
    b.give(1)
    expect((await merged.next()).value).toEqual({ index: 1, item: 1 })
    a.give(2)
    expect((await merged.next()).value).toEqual({ index: 0, item: 2 })
    a.end()
    b.give(3)
    expect((await merged.next()).value).toEqual({ index: 1, item: 3 })
    b.end()
    expect((await merged.next()).done).toBe(true)
  })

  test('keep the order within each stream', async () => {
    async function* count(from: number): AsyncGenerator<number> {
      for (let n = from; n < from + 50; n++) yield n
    }
    const seen: number[][] = [[], [], []]
    for await (const { index, item } of mergeStreams([count(0), count(100), count(200)]))
      seen[index]?.push(item)
    const expected = [0, 100, 200].map((from) => Array.from({ length: 50 }, (_, n) => from + n))
    expect(seen).toEqual(expected)
  })

  test('of no streams end at once', async () => {
    expect((await mergeStreams([]).next()).done).toBe(true)
  })

  test('close every stream when the reader leaves', async () => {
    const [a, b] = [fed(), fed()]
    const merged = mergeStreams([a.stream, b.stream])
    a.give(1)
    await merged.next()
    await merged.return(undefined) // without waiting for what the streams wait for
    a.give(2)
    b.give(3)
    await Bun.sleep(0)
    expect([a.state.closed, b.state.closed]).toEqual([true, true])
  })

  test('fail with the first failure and close the others', async () => {
    const [a, b] = [fed(), fed()]
    const merged = mergeStreams([a.stream, b.stream])
    const next = merged.next()
    a.fail(new Error('broken off'))
    b.give(1)
    await expect(next).rejects.toThrow('broken off')
    expect(b.state.closed).toBe(true)
  })

  test('a failure while nobody asks is kept for who asks next, and is not an unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    try {
      const [a, b] = [fed(), fed()]
      const merged = mergeStreams([a.stream, b.stream])
      a.give(1)
      await merged.next()
      a.fail(new Error('broken off'))
      await new Promise((resolve) => setImmediate(resolve)) // one turn, in which it would be noticed
      expect(unhandled).toEqual([])
      await expect(merged.next()).rejects.toThrow('broken off')
    } finally {
      process.off('unhandledRejection', listen)
    }
  })
})

describe('one merged stream', () => {
  test('has all its items under 0, and is closed with its reader', async () => {
    const { stream, state } = watchedStream(['a', 'b', 'c'])
    const seen: unknown[] = []
    for await (const numbered of mergeStreams([stream])) {
      seen.push(numbered)
      if (seen.length === 2) break
    }
    expect(seen).toEqual([
      { index: 0, item: 'a' },
      { index: 0, item: 'b' },
    ])
    expect(state).toEqual({ isClosed: true, pulled: 2 })
  })

  test('ends where it ends', async () => {
    const { stream } = watchedStream(['a'])
    expect(await allOf(mergeStreams([stream]))).toEqual([{ index: 0, item: 'a' }])
  })
})
