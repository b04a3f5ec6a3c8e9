import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { createBackground } from './background.ts'
import type { Log } from './log.ts'

type Entry = readonly [message: string, fields: unknown]

function fakeLog(): Log & { readonly errors: Entry[] } {
  const errors: Entry[] = []
  const ignore = (): void => undefined
  return {
    errors,
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message, fields) => errors.push([message, fields]),
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('background work', () => {
  test('starts at once and is waited for at the end', async () => {
    const background = createBackground(fakeLog())
    const gate = Promise.withResolvers<undefined>()
    const steps: string[] = []
    background.run('work', async () => {
      steps.push('started')
      await gate.promise
      steps.push('ended')
    })
    expect(steps).toEqual(['started'])
    const closed = background.close().then(() => steps.push('closed'))
    gate.resolve(undefined)
    await closed
    expect(steps).toEqual(['started', 'ended', 'closed'])
  })

  test('that fails is logged by its name and hurts nobody', async () => {
    const log = fakeLog()
    const background = createBackground(log)
    background.run('count things', async () => {
      throw new TypeError('no things')
    })
    await settle()
    expect(log.errors[0]).toEqual([
      'background work failed',
      { work: 'count things', error: 'TypeError: no things' },
    ])
    await background.close()
  })

  test('gets a signal at the end, and what it throws then is not a fault', async () => {
    const log = fakeLog()
    const background = createBackground(log)
    background.run('listen', (signal) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      return promise
    })
    await background.close()
    expect(log.errors).toEqual([])
  })
})

describe('repeated work', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  async function advance(milliseconds: number): Promise<void> {
    await settle()
    jest.advanceTimersByTime(milliseconds)
    await settle()
  }

  test('runs after each pause, and the pause is asked for anew each time', async () => {
    const background = createBackground(fakeLog())
    const pauses = [1, 5, 2]
    let runs = 0
    background.every(
      'read',
      () => pauses.shift() ?? 100,
      async () => runs++,
    )
    await advance(999)
    expect(runs).toBe(0)
    await advance(1)
    expect(runs).toBe(1)
    await advance(4999)
    expect(runs).toBe(1)
    await advance(1)
    expect(runs).toBe(2)
    await background.close()
  })

  test('never overlaps with itself', async () => {
    const background = createBackground(fakeLog())
    const gate = Promise.withResolvers<undefined>()
    let runs = 0
    background.every(
      'slow',
      () => 1,
      () => {
        runs++
        return gate.promise
      },
    )
    await advance(1000)
    await advance(60_000)
    expect(runs).toBe(1)
    gate.resolve(undefined)
    await advance(1000)
    expect(runs).toBe(2)
    await background.close()
  })

  test('goes on after a failure', async () => {
    const log = fakeLog()
    const background = createBackground(log)
    background.every(
      'fail',
      () => 1,
      async () => {
        throw new Error('again')
      },
    )
    await advance(1000)
    await advance(1000)
    expect(log.errors).toHaveLength(2)
    await background.close()
  })

  test('ends at once when it is closed during a pause', async () => {
    const background = createBackground(fakeLog())
    let runs = 0
    background.every(
      'rare',
      () => 86_400,
      async () => runs++,
    )
    await background.close()
    expect(runs).toBe(0)
  })
})
