import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { NOW, windowForTests } from './account-for-tests.ts'
import { chatModes, mediaModes, modes, servedModes, tiers } from './model.ts'
import {
  decidingWindow,
  defaultQuota,
  exhaust,
  refillWindow,
  refundOne,
  remainingAt,
  spendOne,
  type Quota,
} from './quota.ts'

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

test('what is left at a time is what is left of the window as it stands then', () => {
  const window = fc.record({ remaining: fc.nat(20), total: fc.nat(20), resetAt: fc.option(fc.nat(100)) })
  fc.assert(
    fc.property(window, fc.nat(100), ({ remaining, ...changes }, now) => {
      const one = windowForTests(remaining, changes)
      expect(remainingAt(one, now)).toBe(refillWindow(one, now).remaining)
    }),
  )
})

describe('the window that decides', () => {
  const weekly = windowForTests(5000, { total: 10_000 })
  const all: Quota = Object.fromEntries(servedModes.map((mode) => [mode, windowForTests(3)]))

  test('is the pool over all chats of a paid account, and over nothing else', () => {
    for (const tier of ['super', 'heavy'] as const) {
      const quota: Quota = { ...all, weekly }
      const account = { tier, quota }
      for (const mode of chatModes) expect(decidingWindow(account, mode)).toBe(weekly)
      for (const mode of mediaModes) expect(decidingWindow(account, mode)).toBe(quota[mode])
    }
  })

  test('is that of the mode on an account that is not paid, or has no pool', () => {
    for (const mode of servedModes) {
      expect(decidingWindow({ tier: 'basic', quota: { ...all, weekly } }, mode)).toBe(all[mode])
      const poolless = { tier: 'heavy', quota: defaultQuota('heavy') } as const
      expect(decidingWindow(poolless, mode)).toBe(poolless.quota[mode])
    }
  })

  test('is none in a mode that the account does not offer', () => {
    expect(
      decidingWindow({ tier: 'super', quota: { fast: windowForTests(1), weekly } }, 'heavy'),
    ).toBeUndefined()
  })
})
