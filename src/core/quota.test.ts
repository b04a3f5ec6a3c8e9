import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { NOW, windowForTests } from './account-for-tests.ts'
import { modes, tiers } from './model.ts'
import { defaultQuota, exhaust, refillWindow, refundOne, spendOne } from './quota.ts'

describe('the default quota', () => {
  test.each([
    ['basic', { auto: 20, fast: 30, expert: 20 }],
    ['super', { auto: 50, fast: 140, expert: 50, 'grok-420-computer-use-sa': 50 }],
    ['heavy', { auto: 150, fast: 400, expert: 150, heavy: 20, 'grok-420-computer-use-sa': 150 }],
  ] as const)('a %s account starts with the modes and figures of its tier', (tier, totals) => {
    const windows = Object.entries(defaultQuota(tier))
    expect(Object.fromEntries(windows.map(([mode, window]) => [mode, window.total]))).toEqual(totals)
    for (const [, window] of windows) {
      expect(window).toMatchObject({ remaining: window.total, resetAt: null, source: 'default' })
    }
  })

  test('only fast of basic lasts a day, all other windows two hours', () => {
    for (const tier of tiers) {
      for (const mode of modes) {
        const seconds = tier === 'basic' && mode === 'fast' ? 86_400 : 7_200
        expect(defaultQuota(tier)[mode]?.windowSeconds ?? seconds).toBe(seconds)
      }
    }
  })
})

describe('a window', () => {
  test('is full again at its reset time, and not a millisecond earlier', () => {
    const empty = windowForTests(0, { resetAt: NOW, source: 'real' })
    expect(refillWindow(empty, NOW - 1)).toBe(empty)
    expect(refillWindow(empty, NOW)).toMatchObject({ remaining: 10, resetAt: null, source: 'estimated' })
  })

  test('never refills without a reset time', () => {
    const empty = windowForTests(0)
    expect(refillWindow(empty, NOW * 2)).toBe(empty)
  })

  test('starts its clock with the first query, and keeps it with the next', () => {
    const first = spendOne(windowForTests(10), NOW)
    expect(first).toMatchObject({ remaining: 9, resetAt: NOW + 7_200_000, source: 'estimated' })
    expect(spendOne(first, NOW + 5000)).toMatchObject({ remaining: 8, resetAt: NOW + 7_200_000 })
  })

  test('that is due for a refill is refilled before a query is taken out', () => {
    const old = windowForTests(0, { resetAt: NOW - 1 })
    expect(spendOne(old, NOW)).toMatchObject({ remaining: 9, resetAt: NOW + 7_200_000 })
  })

  test('that is exhausted comes back full at the given time', () => {
    const window = exhaust(windowForTests(7, { source: 'real' }), NOW + 1000)
    expect(window).toMatchObject({ remaining: 0, resetAt: NOW + 1000, source: 'estimated' })
    expect(refillWindow(window, NOW + 1000).remaining).toBe(10)
  })

  test('never goes below nothing or above its total, whatever is spent and refunded', () => {
    const step = fc.oneof(fc.constant('refund'), fc.constant('spend'), fc.constant('wait'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(5), (steps, remaining) => {
        let window = windowForTests(remaining, { total: 5 })
        let now = NOW
        for (const step of steps) {
          if (step === 'wait') now += 3_000_000
          else window = step === 'spend' ? spendOne(window, now) : refundOne(window)
          expect(window.remaining).toBeWithin(0, 6)
        }
      }),
    )
  })

  test('has what it had before when a query is refunded', () => {
    expect(refundOne(spendOne(windowForTests(4), NOW)).remaining).toBe(4)
  })
})
