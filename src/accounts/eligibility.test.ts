import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account, AccountState } from '../core/account.ts'
import { availableFrom, inFlightCap, type SelectionRules } from './eligibility.ts'

const byQuota: SelectionRules = { strategy: 'quota', maxInFlight: 8 }
const byChance: SelectionRules = { strategy: 'random', maxInFlight: 8 }
const both: [string, SelectionRules][] = [
  ['quota', byQuota],
  ['chance', byChance],
]
const cause = { code: 'operator', evidence: '', at: NOW } as const
const NEVER = Number.POSITIVE_INFINITY

function from(changes: Partial<Account>, rules = byQuota): number {
  return availableFrom(accountForTests(changes), 'fast', rules, NOW)
}

describe('an account can take a request', () => {
  test('now, when it is active and has queries left', () => {
    expect(from({})).toBeLessThanOrEqual(NOW)
    expect(from({}, byChance)).toBeLessThanOrEqual(NOW)
  })

  test.each(both)('from the end of its pause, when it cools by %s', (_, rules) => {
    expect(from({ state: { status: 'cooling', until: NOW + 5, cause } }, rules)).toBe(NOW + 5)
  })

  test.each(both)('from the end of the pause of the mode by %s', (_, rules) => {
    expect(from({ modeCooldowns: { fast: { until: NOW + 5, cause } } }, rules)).toBe(NOW + 5)
    expect(from({ modeCooldowns: { auto: { until: NOW + 5, cause } } }, rules)).toBeLessThanOrEqual(NOW)
  })

  test('from the last of the times when it waits for several', () => {
    const quota = { fast: windowForTests(0, { resetAt: NOW + 7 }) }
    expect(from({ quota, modeCooldowns: { fast: { until: NOW + 9, cause } } })).toBe(NOW + 9)
    expect(from({ quota, state: { status: 'cooling', until: NOW + 8, cause } })).toBe(NOW + 8)
  })

  test.each(['needs-login', 'suspended', 'disabled', 'deleted'] as const)(
    'never by waiting, when it is %s',
    (status) => {
      const state: AccountState = { status, cause }
      expect(from({ state })).toBe(NEVER)
      expect(from({ state }, byChance)).toBe(NEVER)
    },
  )

  test.each(both)('never in a mode that it does not offer by %s', (_, rules) => {
    expect(from({ quota: { auto: windowForTests(3) } }, rules)).toBe(NEVER)
  })
})

describe('an empty window', () => {
  test.each([
    ['is waited for until it refills', { resetAt: NOW + 5 }, NOW + 5],
    ['is no hindrance once it has refilled', { resetAt: NOW }, 0],
    ['without a reset time is waited for in vain', { resetAt: null }, NEVER],
    ['that refills to nothing is waited for in vain', { resetAt: NOW - 1, total: 0 }, NEVER],
  ])('%s', (_, changes, expected) => {
    expect(from({ quota: { fast: windowForTests(0, changes) } })).toBe(expected)
  })

  test('is no hindrance when accounts are chosen by chance', () => {
    expect(from({ quota: { fast: windowForTests(0, { resetAt: NOW + 5 }) } }, byChance)).toBe(0)
  })
})

describe('the cap', () => {
  test('is the one of the rules for an active account', () => {
    expect(inFlightCap(accountForTests(), byQuota)).toBe(8)
  })

  test('is one while an account is on trial', () => {
    expect(inFlightCap(accountForTests({ state: { status: 'cooling', until: NOW, cause } }), byQuota)).toBe(1)
  })
})

describe('the weekly pool of a paid account', () => {
  const fast = windowForTests(0, { resetAt: NOW + 5 })
  const weekly = (remaining: number, resetAt = NOW + 9e6) =>
    windowForTests(remaining, { total: 10_000, resetAt, windowSeconds: 604_800 })
  const paid = (quota: Account['quota'], more: Partial<Account> = {}) =>
    from({ tier: 'super', quota, ...more })

  test('lets chats through while something is left, whatever the window of the mode says', () => {
    expect(paid({ fast, weekly: weekly(1) })).toBe(0)
  })

  test('that is used up holds all chats until its period ends, and none after it', () => {
    const full = windowForTests(10)
    expect(paid({ fast: full, weekly: weekly(0) })).toBe(NOW + 9e6)
    expect(paid({ fast: full, weekly: weekly(0, NOW) })).toBe(0)
  })

  test('opens no mode that the account does not offer', () => {
    expect(paid({ auto: windowForTests(3), weekly: weekly(10_000) })).toBe(NEVER)
  })

  test('ends no pause of a mode', () => {
    const modeCooldowns = { fast: { until: NOW + 7, cause } }
    expect(paid({ fast, weekly: weekly(10_000) }, { modeCooldowns })).toBe(NOW + 7)
  })

  test('is no matter of media, nor of a basic account', () => {
    const tier = 'super' as const
    const quota = { 'imagine-video': windowForTests(1), weekly: weekly(0) }
    expect(availableFrom(accountForTests({ tier, quota }), 'imagine-video', byQuota, NOW)).toBe(0)
    expect(availableFrom(accountForTests({ tier, quota }), 'imagine-image', byQuota, NOW)).toBe(0)
    expect(from({ tier: 'basic', quota: { fast: windowForTests(1), weekly: weekly(0) } })).toBe(0)
  })

  test('is no hindrance when accounts are chosen by chance', () => {
    const changes: Partial<Account> = { tier: 'super', quota: { fast, weekly: weekly(0) } }
    expect(from(changes, byChance)).toBe(0)
  })
})
