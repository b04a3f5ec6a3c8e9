import { describe, expect, test } from 'bun:test'
import { failureOf } from '../../../test/harness/failure-of.ts'
import { lateStream } from './late-stream.ts'
import { allOf, watchedStream } from './stream-for-tests.ts'

/** A late stream over another, opened by hand. */
function openLater<Item>(items: readonly Item[]) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const { stream, state } = watchedStream(items)
  const opened = { times: 0 }
  const late = lateStream(async () => {
    opened.times++
    await promise
    return stream
  })
  return { late, state, opened, open: () => resolve(), fail: (reason: Error) => reject(reason) }
}

describe('a late stream', () => {
  test('is opened once, when its first item is asked for, and gives them all', async () => {
    const { late, opened, open } = openLater([1, 2, 3])
    open()
    expect(opened.times).toBe(0)
    expect(await allOf(late)).toEqual([1, 2, 3])
    expect(opened.times).toBe(1)
  })

  test('is never opened if it is closed before', async () => {
    const { late, opened } = openLater([1])
    await late.return(undefined)
    expect(await late.next()).toEqual({ done: true, value: undefined })
    expect(opened.times).toBe(0)
  })

  test('fails with what its opening fails with, and is over then', async () => {
    const { late, fail, opened } = openLater([1])
    fail(new Error('refused'))
    expect((await failureOf(Error, late.next())).message).toBe('refused')
    expect(await late.next()).toEqual({ done: true, value: undefined })
    expect(opened.times).toBe(1)
  })

  test('that is closed while it is opened closes what was opened, behind the item that was asked for', async () => {
    const { late, state, open } = openLater([1, 2])
    const first = late.next()
    const closing = late.return(undefined)
    open()
    expect(await first).toEqual({ done: false, value: 1 })
    expect(await closing).toEqual({ done: true, value: undefined })
    expect(state).toEqual({ isClosed: true, pulled: 1 })
    expect(await late.next()).toEqual({ done: true, value: undefined })
  })

  test('that is closed while its opening fails leaves the failure to who asked', async () => {
    const { late, fail } = openLater([1])
    const first = failureOf(Error, late.next())
    const closing = late.return(undefined)
    fail(new Error('refused'))
    expect(await closing).toEqual({ done: true, value: undefined })
    expect((await first).message).toBe('refused')
  })
})
