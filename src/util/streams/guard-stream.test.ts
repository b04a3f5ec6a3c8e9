import { describe, expect, test } from 'bun:test'
import { failureOf } from '../../../test/harness/failure-of.ts'
import { guardStream, openGuarded } from './guard-stream.ts'
import { allOf, watchedStream } from './stream-for-tests.ts'

/** A guarded stream, and what its guard was told. */
function guarded(items: readonly string[], failure?: Error) {
  const { stream, state } = watchedStream(items, failure)
  const told: string[] = []
  const guard = {
    onEnd: () => told.push('end'),
    explain: (thrown: unknown) => {
      told.push('failure')
      return new Error('explained', { cause: thrown })
    },
    release: async () => {
      // what is released is not used any more
      told.push(state.isClosed ? 'release' : 'release while open')
    },
  }
  return { stream: guardStream(stream, guard), state, told }
}

describe('a guarded stream', () => {
  test('gives every item, then tells of its end and is released', async () => {
    const { stream, told } = guarded(['a', 'b'])
    expect(await allOf(stream)).toEqual(['a', 'b'])
    await stream.return(undefined)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(told).toEqual(['end', 'release'])
  })

  test('fails with what the guard makes of the failure, once', async () => {
    const failure = new Error('broken off')
    const { stream, told } = guarded(['a'], failure)
    expect(await stream.next()).toEqual({ done: false, value: 'a' })
    expect(await failureOf(Error, stream.next())).toMatchObject({ message: 'explained', cause: failure })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(told).toEqual(['failure', 'release'])
  })

  test('is closed and released when its reader leaves, which is no end and no failure', async () => {
    const { stream, state, told } = guarded(['a', 'b'])
    for await (const item of stream) if (item === 'a') break
    expect(state).toEqual({ isClosed: true, pulled: 1 })
    expect(told).toEqual(['release'])
  })

  test('is released when its reader throws into it, or leaves its scope', async () => {
    const thrown = guarded(['a'])
    expect((await failureOf(Error, thrown.stream.throw(new Error('enough')))).message).toBe('enough')
    const left = guarded(['a'])
    {
      await using scope = left.stream
      await scope.next()
    }
    expect([thrown.told, left.told]).toEqual([['release while open'], ['release']])
  })

  test('is released although its guard fails', async () => {
    let isReleased = false
    const { stream } = watchedStream(['a'])
    const onEnd = (): void => {
      throw new Error('the guard failed')
    }
    const release = (): void => {
      isReleased = true
    }
    const failing = guardStream(stream, { onEnd, release })
    await failing.next()
    expect((await failureOf(Error, failing.next())).message).toBe('the guard failed')
    expect(isReleased).toBe(true)
  })
})

describe('a stream that is opened under its guard', () => {
  test('is guarded like any other once it is open', async () => {
    const { stream, state } = watchedStream(['a'])
    const told: string[] = []
    const opened = await openGuarded(async () => stream, {
      onEnd: () => told.push('end'),
      release: () => void told.push('release'),
    })
    expect(await allOf(opened)).toEqual(['a'])
    expect([told, state.isClosed]).toEqual([['end', 'release'], true])
  })

  test('has failed, and is released, when it does not open', async () => {
    const told: string[] = []
    const opening = openGuarded(() => Promise.reject(new Error('refused')), {
      onEnd: () => told.push('end'),
      explain: (thrown) => {
        told.push('failure')
        return new Error('explained', { cause: thrown })
      },
      release: () => void told.push('release'),
    })
    expect((await failureOf(Error, opening)).message).toBe('explained')
    expect(told).toEqual(['failure', 'release'])
  })
})
