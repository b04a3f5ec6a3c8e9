import { describe, expect, test } from 'bun:test'
import { startStream } from './start-stream.ts'
import { allOf, watchedStream } from './stream-for-tests.ts'

describe('a started stream', () => {
  test.each([[[]], [[1]], [[1, 2, 3]]])('gives every item of %p once and in order', async (items) => {
    const { stream, state } = watchedStream(items)
    expect(await allOf(await startStream(stream))).toEqual(items)
    expect(state.isClosed).toBe(true)
  })

  test('was asked for its first item and no more', async () => {
    const { stream, state } = watchedStream([1, 2, 3])
    await startStream(stream)
    expect(state.pulled).toBe(1)
  })

  test('rejects at once with what is thrown before the first item', async () => {
    const { stream } = watchedStream([], new Error('refused'))
    await expect(startStream(stream)).rejects.toThrow('refused')
  })

  test('throws later what is thrown after the first item', async () => {
    const { stream } = watchedStream([1], new Error('broken off'))
    const started = await startStream(stream)
    expect(await started.next()).toEqual({ done: false, value: 1 })
    await expect(started.next()).rejects.toThrow('broken off')
  })

  test('is closed when its reader leaves after the first item', async () => {
    const { stream, state } = watchedStream([1, 2, 3])
    for await (const item of await startStream(stream)) if (item === 1) break
    expect(state.isClosed).toBe(true)
  })

  test('is closed when nobody ever asks for an item', async () => {
    const { stream, state } = watchedStream([1, 2, 3])
    const started = await startStream(stream)
    await started.return(undefined)
    expect(state.isClosed).toBe(true)
    expect((await started.next()).done).toBe(true)
  })

  test('is closed by leaving the scope that uses it', async () => {
    const { stream, state } = watchedStream([1, 2, 3])
    {
      await using started = await startStream(stream)
      expect(await started.next()).toEqual({ done: false, value: 1 })
    }
    expect(state.isClosed).toBe(true)
  })

  test('is closed when its reader throws into it', async () => {
    const { stream, state } = watchedStream([1, 2, 3])
    const started = await startStream(stream)
    await expect(started.throw(new Error('enough'))).rejects.toThrow('enough')
    expect(state.isClosed).toBe(true)
  })
})
