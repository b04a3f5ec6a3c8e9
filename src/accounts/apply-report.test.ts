import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import { GatewayError } from '../core/error.ts'
import { applyReport } from './apply-report.ts'

const figures = (remaining: number, total: number, more: object = {}) => ({
  remaining,
  total,
  windowSeconds: 7200,
  ...more,
})
const failed = new GatewayError('upstream_unavailable', '')

describe('after a report, a window', () => {
  test('has the real figures, with their age and source', () => {
    const { quota, syncedAt } = applyReport(accountForTests(), { fast: figures(12, 140) }, NOW)
    expect(quota.fast).toEqual({
      remaining: 12,
      total: 140,
      windowSeconds: 7200,
      resetAt: NOW + 7_200_000,
      syncedAt: NOW,
      source: 'real',
    })
    expect(syncedAt).toBe(NOW)
  })

  test('keeps the earliest reset time that is known, instead of sliding it on', () => {
    const window = windowForTests(3, { resetAt: NOW + 60_000 })
    const { quota } = applyReport(accountForTests({ quota: { fast: window } }), { fast: figures(2, 10) }, NOW)
    expect(quota.fast?.resetAt).toBe(NOW + 60_000)
  })

  test('refills when the upstream says it does, and has no reset time while it is full', () => {
    const report = { auto: figures(0, 20, { waitSeconds: 90 }), fast: figures(30, 30) }
    const { quota } = applyReport(accountForTests(), report, NOW)
    expect(quota.auto?.resetAt).toBe(NOW + 90_000)
    expect(quota.fast?.resetAt).toBeNull()
  })

  test('is gone when the account does not have the mode, and comes when it does', () => {
    const { quota } = applyReport(accountForTests(), { auto: 'absent', heavy: figures(20, 20) }, NOW)
    expect(quota.auto).toBeUndefined()
    expect(quota.heavy?.remaining).toBe(20)
  })

  test('that could not be asked stays as it was, and its age, too', () => {
    const account = accountForTests({ syncedAt: 5 })
    expect(applyReport(account, { fast: failed, auto: failed }, NOW)).toEqual(account)
  })

  test('opens again for requests when the upstream shows queries left', () => {
    const cause = { code: 'rate_limited', evidence: '', at: NOW } as const
    const account = accountForTests({ modeCooldowns: { fast: { until: NOW + 1e6, cause } } })
    expect(applyReport(account, { fast: figures(1, 30) }, NOW).modeCooldowns).toEqual({})
    expect(applyReport(account, { fast: figures(0, 30) }, NOW).modeCooldowns.fast?.until).toBe(NOW + 1e6)
    const told = applyReport(account, { fast: figures(0, 30, { waitSeconds: 60 }) }, NOW)
    expect(told.modeCooldowns.fast).toEqual({ until: NOW + 60_000, cause })
  })
})

test('an account is never left without any window', () => {
  const account = accountForTests()
  const report = { auto: 'absent', fast: 'absent', expert: 'absent' } as const
  expect(applyReport(account, report, NOW).quota).toEqual(account.quota)
})

describe('the weekly pool', () => {
  const tier = 'super' as const
  const pool = { remaining: 10_000, total: 10_000, windowSeconds: 604_800, resetAt: NOW + 5e7 }
  const weekly = windowForTests(400, { total: 10_000, resetAt: NOW + 1e6 })
  const quota = { fast: windowForTests(3), weekly }

  test('refills exactly when the upstream says, even while nothing of it is used', () => {
    const account = accountForTests({ tier, quota })
    expect(applyReport(account, { weekly: pool }, NOW).quota.weekly).toEqual({
      ...pool,
      syncedAt: NOW,
      source: 'real',
    })
  })

  test('goes when the upstream says that there is none, and stays when it could not be read', () => {
    const account = accountForTests({ tier, quota })
    expect(applyReport(account, { weekly: 'absent' }, NOW).quota).toEqual({ fast: windowForTests(3) })
    for (const report of [{ weekly: failed }, {}])
      expect(applyReport(account, report, NOW).quota).toEqual(account.quota)
  })

  test('goes with the tier that has none, and makes no account a better one', () => {
    const report = { auto: figures(20, 20), weekly: pool }
    const once = applyReport(accountForTests({ tier, quota }), report, NOW)
    expect(once).toMatchObject({ tier: 'super', quota: { weekly: { remaining: 10_000 } } })
    const twice = applyReport(once, report, NOW)
    expect([twice.tier, twice.quota.weekly]).toEqual(['basic', undefined])
    expect(applyReport(accountForTests(), { weekly: pool }, NOW)).toMatchObject({ tier: 'basic' })
  })

  test('alone is neither an account nor news of one', () => {
    const account = accountForTests({ tier, quota: { fast: windowForTests(3) }, syncedAt: 5 })
    const applied = applyReport(account, { fast: 'absent', weekly: pool }, NOW)
    expect(applied.quota).toEqual(account.quota)
    for (const answer of ['absent', pool] as const)
      expect(applyReport(account, { fast: failed, weekly: answer }, NOW).syncedAt).toBe(5)
  })

  test('ends no pause of a mode', () => {
    const cause = { code: 'rate_limited', evidence: '', at: NOW } as const
    const modeCooldowns = { fast: { until: NOW + 1e6, cause } }
    const account = accountForTests({ tier, quota, modeCooldowns })
    expect(applyReport(account, { weekly: pool }, NOW).modeCooldowns).toEqual(modeCooldowns)
  })
})
