import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { IdleGuard } from './idle-guard.ts'

describe('an idle guard', () => {
  let calls = 0
  const open = (limitMs: number): IdleGuard => new IdleGuard(limitMs, () => calls++)

  beforeEach(() => {
    calls = 0
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  test('calls back once when nothing happens for the limit', () => {
    open(1000)
    jest.advanceTimersByTime(999)
    expect(calls).toBe(0)
    jest.advanceTimersByTime(1)
    expect(calls).toBe(1)
    jest.advanceTimersByTime(10_000)
    expect(calls).toBe(1)
  })

  test('starts its time anew at every touch', () => {
    const guard = open(1000)
    for (let round = 0; round < 5; round++) {
      jest.advanceTimersByTime(900)
      guard.touch()
    }
    jest.advanceTimersByTime(999)
    expect(calls).toBe(0)
    jest.advanceTimersByTime(1)
    expect(calls).toBe(1)
  })

  test('does not run while it is paused, and starts anew at the touch that ends the pause', () => {
    const guard = open(1000)
    guard.pause()
    jest.advanceTimersByTime(10_500)
    expect(calls).toBe(0)
    guard.touch()
    jest.advanceTimersByTime(999)
    expect(calls).toBe(0)
    jest.advanceTimersByTime(1000)
    expect(calls).toBe(1)
  })

  test.each([
    [100, 100],
    [5000, 5000],
  ])('another limit of %p ms holds from now on', (limitMs, expectedMs) => {
    const guard = open(1000)
    jest.advanceTimersByTime(900)
    guard.setLimit(limitMs)
    jest.advanceTimersByTime(expectedMs - 1)
    expect(calls).toBe(0)
    jest.advanceTimersByTime(1)
    expect(calls).toBe(1)
  })

  test('the limit that holds already does not start the time anew', () => {
    const guard = open(1000)
    jest.advanceTimersByTime(900)
    guard.setLimit(1000)
    jest.advanceTimersByTime(100)
    expect(calls).toBe(1)
  })

  test('never calls back after it was closed, even if it gets another limit', () => {
    const guard = open(1000)
    guard.close()
    guard.setLimit(10)
    jest.advanceTimersByTime(10_000)
    expect(calls).toBe(0)
  })

  test('never calls back twice, even if it gets another limit after it has', () => {
    const guard = open(1000)
    jest.advanceTimersByTime(1000)
    guard.setLimit(10)
    jest.advanceTimersByTime(10_000)
    expect(calls).toBe(1)
  })
})
