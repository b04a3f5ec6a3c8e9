import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import type { ErrorCode } from '../core/error.ts'
import { DirectoryForTests, failureForTests } from './directory-for-tests.ts'
import type { Strategy } from './eligibility.ts'

const BAD = 1
const ambiguous = ['egress_rejected', 'upstream_unavailable', 'upstream_timeout'] as const

function account(id: number): Account {
  return accountForTests({
    id,
    quota: { fast: windowForTests(1000, { total: 1000 }), auto: windowForTests(50) },
  })
}

/** Sends requests one after another: the bad account always fails, a failed request goes on to another one. */
function serve(
  test: DirectoryForTests,
  requests: number,
  code: ErrorCode,
  pauseMs = 200,
): { triesOfBad: number; answered: number } {
  let triesOfBad = 0
  let answered = 0
  for (let n = 0; n < requests; n++) {
    test.now += pauseMs
    const first = test.reserve()
    const isBad = first?.slot.account.id === BAD
    if (first) test.settle(first, isBad ? failureForTests(code) : { type: 'success' }, !isBad)
    const last = isBad ? test.reserve({ exclude: [BAD] }) : first
    if (isBad) triesOfBad++
    if (isBad && last) test.settle(last, { type: 'success' })
    if (last) answered++
  }
  return { triesOfBad, answered }
}

describe.each(['quota', 'random'] as const)(
  'two accounts, one of which always fails, chosen by %s',
  (strategy: Strategy) => {
    test.each([...ambiguous])(
      'with %s: it is tried a handful of times in 30 requests, and shows why',
      (code) => {
        const test = new DirectoryForTests([account(BAD), account(2)], strategy)
        const { triesOfBad, answered } = serve(test, 30, code)
        expect(triesOfBad).toBeWithin(1, 6)
        expect(answered).toBe(30)
        expect(test.account(BAD).lastFailure).toMatchObject({ code, evidence: 'seen' })
        expect(test.account(2)).toMatchObject({ state: { status: 'active' }, health: 1 })
      },
    )

    test.each([...ambiguous])('with %s: it cools with the cause at its third failure', (code) => {
      const test = new DirectoryForTests([account(BAD), account(2)], strategy)
      for (let n = 0; n < 500 && test.account(BAD).state.status === 'active'; n++)
        serve(test, 1, code, 60_000)
      expect(test.account(BAD)).toMatchObject({
        state: { status: 'cooling', until: test.now + 30_000, cause: { code, evidence: 'seen' } },
        failureCount: 3,
      })
    })

    test.each([...ambiguous])('with %s: it cools with the cause, also when all accounts are busy', (code) => {
      const test = new DirectoryForTests([account(BAD), account(2)], strategy)
      const taken = test.reserveAll()
      const [good, ...others] = taken.toSorted((a, b) => b.slot.account.id - a.slot.account.id)
      const bad = others.filter(({ slot }) => slot.account.id === BAD)
      const [first, ...rest] = bad
      if (first) test.settle(first, failureForTests(code), false)
      if (good) test.settle(good, { type: 'success' })
      for (const one of rest) test.settle(one, failureForTests(code), false)
      // the eight that failed together count as one bad spell, not as five failed trials
      expect(test.account(BAD)).toMatchObject({
        state: { status: 'cooling', until: NOW + 30_000 },
        coolings: 1,
      })
    })

    test.each(['credential_invalid', 'account_blocked', 'rate_limited'] as const)(
      'with %s: it is tried once',
      (code) => {
        const test = new DirectoryForTests([account(BAD), account(2)], strategy)
        expect(serve(test, 30, code)).toEqual({ triesOfBad: 1, answered: 30 })
      },
    )

    test('it takes less and less of a day, and serves again soon after it is well', () => {
      const test = new DirectoryForTests([account(BAD), account(2)], strategy)
      let tries = 0
      for (let hour = 0; hour < 12; hour++) {
        tries += serve(test, 20, 'egress_rejected').triesOfBad
        test.now += 3_600_000
      }
      expect(tries).toBeWithin(3, 30)
      const trial = test.reserve({ exclude: [2] })
      if (trial) test.settle(trial, { type: 'success' })
      expect(test.account(BAD)).toMatchObject({ state: { status: 'active' }, coolings: 0 })
      expect(test.reserveAll({ exclude: [2] })).toHaveLength(8)
    })
  },
)

describe('one account alone', () => {
  test.each([...ambiguous])(
    'that fails with %s is never put to cool: there is nothing to compare it with',
    (code) => {
      const test = new DirectoryForTests([account(1)])
      for (let n = 0; n < 100; n++) {
        const taken = test.reserve()
        if (taken) test.settle(taken, failureForTests(code), false)
        test.now += 1000
      }
      expect(test.account(1).state.status).toBe('active')
      expect(test.account(1).health).toBeWithin(0, 1)
    },
  )

  test('is not put to cool by its own success in the same moment', () => {
    const test = new DirectoryForTests([account(1)])
    const [first, ...others] = test.reserveAll()
    if (first) test.settle(first, { type: 'success' })
    for (const other of others) test.settle(other, failureForTests('upstream_unavailable'))
    expect(test.account(1).state.status).toBe('active')
  })

  test('that is rate limited waits in that mode only, and comes back by itself', () => {
    const test = new DirectoryForTests([account(1)])
    const taken = test.reserve()
    if (taken)
      test.settle(taken, { type: 'failure', code: 'rate_limited', evidence: 'seen', retryAfterSeconds: 60 })
    expect(test.reserve()).toBeUndefined()
    expect(test.shortfall().retryAfterSeconds).toBe(60)
    expect(test.reserve({ mode: 'auto' })).toBeDefined()
    test.now = NOW + 60_000
    expect(test.reserve()).toBeDefined()
  })
})

describe('all accounts failing at once', () => {
  test('is the upstream: none is put to cool', () => {
    const test = new DirectoryForTests([account(1), account(2), account(3)])
    for (let n = 0; n < 60; n++) {
      const taken = test.reserve()
      if (taken) test.settle(taken, failureForTests('upstream_unavailable'), false)
      test.now += 100
    }
    expect(test.directory.stats.usable).toBe(3)
    expect([...test.directory.accounts()].map(({ state }) => state.status)).toEqual([
      'active',
      'active',
      'active',
    ])
  })
})

describe('fifty clients that leave', () => {
  test('change nothing about the account but when it was last used', () => {
    const test = new DirectoryForTests([account(1)], 'quota', 100)
    for (let n = 0; n < 50; n++) {
      const taken = test.reserve()
      if (taken) test.settle(taken, { type: 'abandoned' }, false)
    }
    const { health, state, streak, failureCount, quota } = test.account(1)
    expect({ health, state, streak, failureCount }).toEqual({
      health: 1,
      state: { status: 'active' },
      streak: null,
      failureCount: 0,
    })
    expect(quota.fast?.remaining).toBe(1000)
  })
})

describe('a weekly pool', () => {
  const weekly = windowForTests(500, { total: 10_000, resetAt: NOW + 8e6 })
  const quota = { auto: windowForTests(0, { resetAt: NOW + 1e6 }), fast: windowForTests(10), weekly }
  const query = { tier: 'super', mode: 'auto' } as const
  const limited = { type: 'failure', code: 'rate_limited', evidence: 'seen', retryAfterSeconds: 60 } as const

  test('is not spent or given back here, and serves past an empty window as long as it lasts', () => {
    const test = new DirectoryForTests([accountForTests({ tier: 'super', quota })])
    for (let use = 0; use < 20; use++) {
      const taken = test.reserve(query)
      if (taken) test.settle(taken, { type: 'success' })
      expect(taken).toBeDefined()
    }
    expect(test.account(1).quota.weekly).toEqual(weekly)
  })

  test('is not used up by a 429, which pauses its mode only', () => {
    const test = new DirectoryForTests([accountForTests({ tier: 'super', quota })])
    const taken = test.reserve(query)
    if (taken) test.settle(taken, limited)
    expect(test.account(1).quota.weekly).toEqual(weekly)
    expect(test.reserve(query)).toBeUndefined()
    expect(test.reserve({ ...query, mode: 'fast' })).toBeDefined()
    test.now += 60_000
    expect(test.reserve(query)).toBeDefined()
  })

  test('that is used up holds the account until its period ends, and the wait is told', () => {
    const empty = { ...quota, weekly: { ...weekly, remaining: 0, resetAt: NOW + 60_000 } }
    const test = new DirectoryForTests([accountForTests({ tier: 'super', quota: empty })])
    expect(test.reserve({ ...query, mode: 'fast' })).toBeUndefined()
    expect(test.shortfall(query)).toEqual({ type: 'waiting', reason: 'quota', retryAfterSeconds: 60 })
    test.now += 60_000
    expect(test.reserve(query)).toBeDefined()
  })
})
