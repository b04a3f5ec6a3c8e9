import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { score } from './score.ts'

const idle = { inFlight: 0, cap: 8 }

function scoreOf(changes: Partial<Account> = {}, load = idle): number {
  return score(accountForTests(changes), 'fast', load, NOW)
}

describe('the score', () => {
  test('of a well, full, idle and rested account is 1', () => {
    expect(scoreOf()).toBeCloseTo(1)
  })

  test('always lies between 0 and 1', () => {
    const account = fc.record({
      health: fc.double({ min: 0, max: 1, noNaN: true }),
      healthAt: fc.integer({ min: NOW - 10_000_000, max: NOW + 10_000_000 }),
      lastUsedAt: fc.option(fc.integer({ min: 0, max: NOW + 10_000_000 })),
    })
    const window = fc.record({
      remaining: fc.nat(1000),
      total: fc.nat(500),
      resetAt: fc.option(fc.integer({ min: 0, max: NOW * 2 })),
    })
    const load = fc.nat(7).map((inFlight) => ({ inFlight, cap: 8 }))
    fc.assert(
      fc.property(account, window, load, (changes, { remaining, ...figures }, load) => {
        const value = scoreOf({ ...changes, quota: { fast: windowForTests(remaining, figures) } }, load)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1 + Number.EPSILON)
      }),
    )
  })

  test.each([
    ['health', { health: 0.2 }, { health: 0.8 }],
    ['what is left', { quota: { fast: windowForTests(1) } }, { quota: { fast: windowForTests(9) } }],
    ['rest', { lastUsedAt: NOW - 1000 }, { lastUsedAt: NOW - 9000 }],
    ['the mode', { quota: {} }, {}],
  ])('grows with %s', (_, less, more) => {
    expect(scoreOf(less)).toBeLessThan(scoreOf(more))
  })

  test('falls with every request in flight', () => {
    const values = [0, 1, 4, 7].map((inFlight) => scoreOf({}, { inFlight, cap: 8 }))
    expect(values).toEqual(values.toSorted((a, b) => b - a))
    expect(new Set(values).size).toBe(4)
  })

  test('looks at the share that is left, not at the number, so that big accounts do not drown small ones', () => {
    const big = scoreOf({ quota: { fast: windowForTests(100, { total: 400 }) } })
    const small = scoreOf({ quota: { fast: windowForTests(10, { total: 10 }) } })
    expect(small).toBeGreaterThan(big)
  })

  test('counts a window as full once its reset time has passed', () => {
    const refilled = { quota: { fast: windowForTests(0, { resetAt: NOW }) } }
    expect(scoreOf(refilled)).toBeCloseTo(1)
  })

  test('looks at the weekly pool of a paid account instead of its window', () => {
    const weekly = windowForTests(10_000, { total: 10_000 })
    const empty = { fast: windowForTests(0), weekly }
    expect(scoreOf({ tier: 'super', quota: empty })).toBeCloseTo(1)
    const used = { fast: windowForTests(10), weekly: { ...weekly, remaining: 100 } }
    expect(scoreOf({ tier: 'super', quota: used })).toBeLessThan(scoreOf({ tier: 'basic', quota: used }))
  })

  test('prefers a well account with little left over a failing one with everything', () => {
    const failing = scoreOf({ health: 0.2 })
    const nearlyEmpty = scoreOf({ quota: { fast: windowForTests(1) } })
    expect(nearlyEmpty).toBeGreaterThan(failing)
  })
})
