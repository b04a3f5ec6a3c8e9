import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { accountForTests, NOW, windowForTests } from './account-for-tests.ts'
import { MAX_HISTORY, noteTransition, type Account, type AccountState, type StateCause } from './account.ts'
import { mergeAccount } from './merge-account.ts'
import { exhaust, spendOne, type QuotaWindow } from './quota.ts'

const window = (): fc.Arbitrary<QuotaWindow> =>
  fc.record({
    remaining: fc.nat(10),
    total: fc.constantFrom(10, 20),
    windowSeconds: fc.constantFrom(7200, 86_400),
    resetAt: fc.option(fc.constantFrom(NOW - 5, NOW, NOW + 5, NOW + 60_000)),
    syncedAt: fc.option(fc.constantFrom(NOW - 9, NOW)),
    source: fc.constantFrom('default', 'real', 'estimated'),
  })

const cause = { code: 'rate_limited', evidence: 'seen', at: NOW } as const
const state = (): fc.Arbitrary<AccountState> =>
  fc.constantFrom<AccountState>(
    { status: 'active' },
    { status: 'cooling', until: NOW + 9, cause },
    { status: 'disabled', cause },
  )

const account = (): fc.Arbitrary<Account> =>
  fc
    .record({
      quota: fc.record({ fast: window(), auto: window() }, { requiredKeys: [] }),
      state: state(),
      label: fc.constantFrom('', 'one', 'other'),
      health: fc.constantFrom(0, 0.5, 1),
      successCount: fc.nat(100),
      failureCount: fc.nat(100),
      lastUsedAt: fc.option(fc.nat(1000)),
    })
    .map(accountForTests)

describe('any merge', () => {
  test('of nothing changes nothing', () => {
    fc.assert(
      fc.property(account(), account(), (stored, base) => {
        expect(mergeAccount(stored, { base, next: structuredClone(base) })).toEqual(stored)
      }),
    )
  })

  test('with a row that nobody else changed gives the change', () => {
    fc.assert(
      fc.property(account(), account(), (base, next) => {
        const lastUsedAt = Math.max(base.lastUsedAt ?? 0, next.lastUsedAt ?? 0)
        const merged = mergeAccount(base, { base, next })
        expect({ ...merged, quota: {}, lastUsedAt: 0 }).toEqual({ ...next, quota: {}, lastUsedAt: 0 })
        expect(merged.lastUsedAt ?? 0).toBe(lastUsedAt)
      }),
    )
  })

  test('leaves no window below nothing or above its total', () => {
    fc.assert(
      fc.property(account(), account(), account(), (stored, base, next) => {
        for (const { remaining, total } of Object.values(mergeAccount(stored, { base, next }).quota)) {
          expect(remaining).toBeGreaterThanOrEqual(0)
          expect(remaining).toBeLessThanOrEqual(total)
        }
      }),
    )
  })

  test('adds counts up, whatever the order', () => {
    fc.assert(
      fc.property(account(), fc.nat(9), fc.nat(9), (base, mine, theirs) => {
        const first = { base, next: { ...base, successCount: base.successCount + mine } }
        const second = {
          base,
          next: { ...base, successCount: base.successCount + theirs, failureCount: base.failureCount + 1 },
        }
        for (const [a, b] of [[first, second] as const, [second, first] as const]) {
          expect(mergeAccount(mergeAccount(base, a), b)).toMatchObject({
            successCount: base.successCount + mine + theirs,
            failureCount: base.failureCount + 1,
          })
        }
      }),
    )
  })

  test('of two changes of different things does not depend on their order', () => {
    fc.assert(
      fc.property(account(), account(), (base, other) => {
        const { fast, auto } = base.quota
        const first = {
          base,
          next: {
            ...base,
            quota: { ...(auto && { auto }), ...(other.quota.fast && { fast: other.quota.fast }) },
            label: other.label,
          },
        }
        const second = {
          base,
          next: {
            ...base,
            quota: { ...(fast && { fast }), ...(other.quota.auto && { auto: other.quota.auto }) },
            state: other.state,
          },
        }
        expect(mergeAccount(mergeAccount(base, first), second)).toEqual(
          mergeAccount(mergeAccount(base, second), first),
        )
      }),
    )
  })
})

function withFast(fast: QuotaWindow | undefined): Account {
  return accountForTests({ quota: fast ? { fast } : {} })
}

/** The window after two processes that saw the same row have written one after the other. */
function mergeTwo(
  base: QuotaWindow,
  theirs: QuotaWindow | undefined,
  mine: QuotaWindow | undefined,
): QuotaWindow | undefined {
  const from = withFast(base)
  const stored = mergeAccount(from, { base: from, next: withFast(theirs) })
  return mergeAccount(stored, { base: from, next: withFast(mine) }).quota.fast
}

function spend(window: QuotaWindow, times: number, now: number): QuotaWindow {
  return Array.from({ length: times }).reduce<QuotaWindow>((left) => spendOne(left, now), window)
}

describe('a window', () => {
  const fresh = windowForTests(10)
  const used = windowForTests(2, { resetAt: NOW + 1000 })

  test('is less what both have spent, and refills by the clock of the first', () => {
    const merged = mergeTwo(fresh, spend(fresh, 3, NOW), spend(fresh, 4, NOW + 5))
    expect(merged).toMatchObject({ remaining: 3, resetAt: NOW + 7_200_000 })
  })

  test('that both have refilled is full less what both have spent since', () => {
    const merged = mergeTwo(used, spend(used, 3, NOW + 1000), spend(used, 4, NOW + 1200))
    expect(merged).toMatchObject({ remaining: 3, resetAt: NOW + 1000 + 7_200_000 })
  })

  test('that only the other has refilled stays refilled until the new time', () => {
    const merged = mergeTwo(used, spend(used, 3, NOW + 1000), spend(used, 1, NOW + 999))
    expect(merged).toMatchObject({ remaining: 6, resetAt: NOW + 1000 + 7_200_000 })
  })

  test('that only we have refilled is as we have it', () => {
    const mine = spend(used, 3, NOW + 1000)
    expect(mergeTwo(used, spend(used, 1, NOW), mine)).toEqual(mine)
  })

  test('that we found exhausted is empty whatever the other has spent', () => {
    expect(mergeTwo(used, spend(used, 1, NOW), exhaust(used, NOW + 9000))?.remaining).toBe(0)
    expect(mergeTwo(fresh, spend(fresh, 1, NOW), exhaust(fresh, NOW + 9000))?.remaining).toBe(0)
  })

  test('that the upstream has told the other about is as told, less what we have spent', () => {
    const report = windowForTests(7, { syncedAt: NOW, source: 'real', resetAt: NOW + 5000 })
    expect(mergeTwo(used, report, spend(used, 2, NOW))).toMatchObject({ remaining: 5, resetAt: NOW + 5000 })
    expect(mergeTwo(used, report, spend(used, 2, NOW + 1000))).toMatchObject({
      remaining: 5,
      resetAt: NOW + 5000,
    })
  })

  test('that the upstream has told us about is as told', () => {
    const report = windowForTests(7, { syncedAt: NOW, source: 'real' })
    expect(mergeTwo(used, spend(used, 1, NOW), report)).toEqual(report)
  })

  test('that the upstream has told both about is as told last, whoever writes last', () => {
    const early = windowForTests(7, { syncedAt: NOW, source: 'real' })
    const late = windowForTests(6, { syncedAt: NOW + 1, source: 'real' })
    expect(mergeTwo(used, early, late)).toEqual(late)
    expect(mergeTwo(used, late, early)).toEqual(late)
  })

  test('that the other took away is not brought back by use', () => {
    expect(mergeTwo(used, undefined, spend(used, 1, NOW))).toBeUndefined()
    expect(mergeTwo(used, spend(used, 1, NOW), undefined)).toBeUndefined()
  })
})

describe('a state', () => {
  const cooling: AccountState = { status: 'cooling', until: NOW + 9, cause }
  const disabled: AccountState = { status: 'disabled', cause: { ...cause, code: 'operator' } }
  const base = accountForTests()
  const turn = (account: Account, state: AccountState, cause?: StateCause): Account =>
    noteTransition(account, { ...account, state }, cause)

  test('that an operator has set is not undone by the feedback of another process', () => {
    const stored = turn(base, disabled)
    const merged = mergeAccount(stored, { base, next: turn(base, cooling) })
    expect(merged.state).toEqual(disabled)
    expect(merged.history.map(({ to }) => to)).toEqual(['disabled', 'cooling'])
    expect(mergeAccount(turn(base, cooling), { base, next: stored }).state).toEqual(disabled)
  })

  test('that an operator takes back is taken back', () => {
    const stored = turn(base, disabled)
    const next = turn(stored, { status: 'active' }, cause)
    expect(mergeAccount(stored, { base: stored, next }).state).toEqual({ status: 'active' })
  })

  test('keeps the last of the transitions of both sides', () => {
    const blink = (from: number): Account => {
      const history = Array.from({ length: 15 }, (_, n) => {
        return { from: 'active', to: 'cooling', cause: { ...cause, at: from + n * 2 } } as const
      })
      return { ...base, history }
    }
    const merged = mergeAccount(blink(NOW), { base, next: blink(NOW + 1) })
    expect(merged.history.map(({ cause }) => cause.at - NOW)).toEqual(
      Array.from({ length: MAX_HISTORY }, (_, n) => 30 - MAX_HISTORY + n),
    )
  })
})
