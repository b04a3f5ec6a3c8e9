import { describe, expect, test } from 'bun:test'
import { Gate } from './gate.ts'

const never = new AbortController().signal

/** Work that ends when it is told to. */
function held(gate: Gate, signal = never) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isRunning = false
  const done = gate.run(signal, () => {
    isRunning = true
    return promise
  })
  return { done, end: resolve, isRunning: () => isRunning }
}

describe('a gate', () => {
  test('lets so many through and the next when one is done, in order', async () => {
    const gate = new Gate(2)
    const works = Array.from({ length: 4 }, () => held(gate))
    expect(works.map((work) => work.isRunning())).toEqual([true, true, false, false])
    works[1]?.end()
    await works[1]?.done
    expect(works.map((work) => work.isRunning())).toEqual([true, true, true, false])
    for (const work of works) work.end()
    await Promise.all(works.map(({ done }) => done))
  })

  test('gives its place back after a failure', async () => {
    const gate = new Gate(1)
    await expect(gate.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await gate.run(never, async () => 'yes')).toBe('yes')
  })

  test('lets one who waits leave, and nobody lose a place by that', async () => {
    const gate = new Gate(1)
    const first = held(gate)
    const leaving = new AbortController()
    const second = held(gate, leaving.signal)
    const third = held(gate)
    leaving.abort(new Error('gone'))
    await expect(second.done).rejects.toThrow('gone')
    first.end()
    third.end()
    await third.done
    expect(second.isRunning()).toBe(false)
    expect(third.isRunning()).toBe(true)
  })
})
