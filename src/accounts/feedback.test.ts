import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { AccountCondition, AccountState } from '../core/account.ts'
import { errorCodes, type ErrorCode } from '../core/error.ts'
import { applyFeedback, healthAt, type FeedbackContext, type Outcome } from './feedback.ts'

const MINUTE = 60_000

function failure(code: ErrorCode, retryAfterSeconds?: number): Outcome {
  const base = { type: 'failure', code, evidence: 'seen' } as const
  return retryAfterSeconds === undefined ? base : { ...base, retryAfterSeconds }
}

function context(changes: Partial<FeedbackContext> = {}): FeedbackContext {
  return { mode: 'fast', now: NOW, served: true, poolSucceededAt: 0, mayPenalise: true, ...changes }
}

/** A condition with one query of ten spent in `fast`. */
function condition(changes: Partial<AccountCondition> = {}): AccountCondition {
  const { state, health, healthAt, streak, coolings, modeCooldowns } = accountForTests()
  const quota = { fast: windowForTests(9, { resetAt: NOW + 10 * MINUTE }), auto: windowForTests(10) }
  return { state, health, healthAt, streak, coolings, modeCooldowns, quota, ...changes }
}

const cause = (code: ErrorCode) => ({ code, evidence: 'seen', at: NOW })

describe('what leaves an account alone', () => {
  const harmless = [
    'invalid_request',
    'context_length_exceeded',
    'content_policy',
    'authentication_failed',
    'not_found',
    'model_not_found',
    'not_ready',
    'job_failed',
    'method_not_allowed',
    'payload_too_large',
    'unsupported_media_type',
    'no_account',
    'client_closed',
    'internal',
    'account_restricted',
    'upstream_rejected',
    'unavailable',
  ] as const

  test.each([...harmless])('%s changes nothing after the query was served', (code) => {
    const before = condition({ health: 0.5, streak: { count: 2, startedAt: NOW - 1 } })
    expect(applyFeedback(before, failure(code), context({ poolSucceededAt: NOW }))).toEqual(before)
  })

  test('a client that leaves changes nothing after the query was served', () => {
    const before = condition({ health: 0.5, streak: { count: 2, startedAt: NOW - 1 } })
    expect(applyFeedback(before, { type: 'abandoned' }, context())).toEqual(before)
  })

  test.each([...harmless, 'abandoned'] as const)(
    '%s gives the query back when it was not served, and changes nothing else',
    (name) => {
      const outcome: Outcome = name === 'abandoned' ? { type: name } : failure(name)
      const before = condition()
      const after = applyFeedback(before, outcome, context({ served: false }))
      const fast = windowForTests(10, { resetAt: NOW + 10 * MINUTE })
      expect(after).toEqual({ ...before, quota: { ...before.quota, fast } })
    },
  )

  test('the other codes are exactly those that say something about the account', () => {
    const others = errorCodes.filter((code) => !harmless.some((name) => name === code))
    expect(others.toSorted()).toEqual([
      'account_blocked',
      'credential_invalid',
      'egress_rejected',
      'rate_limited',
      'upstream_timeout',
      'upstream_unavailable',
    ])
  })
})

describe('a dead credential and a blocked account', () => {
  test.each([
    ['credential_invalid', 'needs-login'],
    ['account_blocked', 'suspended'],
  ] as const)('%s makes the account %s at once, with the cause, and changes nothing else', (code, status) => {
    const before = condition({ health: 0.9, coolings: 2 })
    const after = applyFeedback(before, failure(code), context({ mayPenalise: false }))
    expect(after).toEqual({ ...before, state: { status, cause: cause(code) } })
  })

  test.each(['credential_invalid', 'account_blocked'] as const)('%s gives an unserved query back', (code) => {
    const after = applyFeedback(condition(), failure(code), context({ served: false }))
    expect(after.quota.fast?.remaining).toBe(10)
  })

  const outcomes = [
    { type: 'success' } as const,
    { type: 'abandoned' } as const,
    ...errorCodes.map((code) => failure(code)),
  ]

  test.each(['needs-login', 'suspended', 'disabled', 'deleted'] as const)(
    'an account that is %s stays so, whatever was still in flight',
    (status) => {
      const state: AccountState = { status, cause: { code: 'operator', evidence: 'earlier', at: NOW - 1 } }
      const before = condition({ state, streak: { count: 9, startedAt: NOW - 1 } })
      for (const outcome of outcomes) {
        expect(applyFeedback(before, outcome, context({ poolSucceededAt: NOW })).state).toEqual(state)
      }
    },
  )
})

describe('a rate limit', () => {
  test('holds for its mode only, until the time that the upstream gave', () => {
    const before = condition()
    const after = applyFeedback(before, failure('rate_limited', 90), context())
    const until = NOW + 90_000
    expect(after).toEqual({
      ...before,
      modeCooldowns: { fast: { until, cause: cause('rate_limited') } },
      quota: { ...before.quota, fast: windowForTests(0, { resetAt: until, source: 'estimated' }) },
    })
  })

  test.each([
    ['until the window refills', NOW + 10 * MINUTE, NOW + 10 * MINUTE],
    ['for an hour when the window refills later', NOW + 600 * MINUTE, NOW + 60 * MINUTE],
    ['for an hour when the window has no reset time', null, NOW + 60 * MINUTE],
    ['for an hour when the reset time is over', NOW - 1, NOW + 60 * MINUTE],
  ])('without a time holds %s', (_, resetAt, until) => {
    const before = condition({ quota: { fast: windowForTests(5, { resetAt }) } })
    const after = applyFeedback(before, failure('rate_limited'), context())
    expect(after.modeCooldowns.fast?.until).toBe(until)
    expect(after.quota.fast).toMatchObject({ remaining: 0, resetAt: until })
  })

  test('keeps what other modes wait for', () => {
    const auto = { until: NOW + 1, cause: cause('rate_limited') }
    const after = applyFeedback(condition({ modeCooldowns: { auto } }), failure('rate_limited', 5), context())
    expect(after.modeCooldowns).toEqual({ auto, fast: { until: NOW + 5000, cause: cause('rate_limited') } })
  })

  test('of a mode without a window makes no window', () => {
    const after = applyFeedback(condition(), failure('rate_limited', 5), context({ mode: 'heavy' }))
    expect(after.quota.heavy).toBeUndefined()
    expect(after.modeCooldowns.heavy?.until).toBe(NOW + 5000)
  })
})

describe.each(['egress_rejected', 'upstream_unavailable', 'upstream_timeout'] as const)('%s', (code) => {
  const fail = (before: AccountCondition, changes: Partial<FeedbackContext> = {}): AccountCondition =>
    applyFeedback(before, failure(code), context(changes))

  test('takes some health and starts a streak, and no more', () => {
    const before = condition()
    const streak = { count: 1, startedAt: NOW }
    expect(fail(before)).toEqual({ ...before, health: 0.7, healthAt: NOW, streak })
  })

  test('a hundred times never cools an account while no other one succeeds', () => {
    let current = condition()
    for (let n = 0; n < 100; n++) current = fail(current, { now: NOW + n, poolSucceededAt: NOW - 1 })
    expect(current.state.status).toBe('active')
    expect(current.health).toBeWithin(0, 1)
  })

  test('three times in a row, while another account succeeded, cools it with the cause', () => {
    const twice = fail(fail(condition()), { now: NOW + 1 })
    const after = fail(twice, { now: NOW + 2, poolSucceededAt: NOW })
    const seen = { code, evidence: 'seen', at: NOW + 2 }
    expect(after.state).toEqual({ status: 'cooling', until: NOW + 2 + 30_000, cause: seen })
    expect(after).toMatchObject({ coolings: 1, streak: null })
  })

  test('two times are not enough, however well others do', () => {
    const after = fail(fail(condition()), { poolSucceededAt: NOW + 1 })
    expect(after.state.status).toBe('active')
  })

  test('does not count when the request has counted against another account already', () => {
    const before = condition({ streak: { count: 2, startedAt: NOW } })
    expect(fail(before, { mayPenalise: false, poolSucceededAt: NOW })).toEqual(before)
  })

  test('gives an unserved query back, also when it does not count', () => {
    expect(fail(condition(), { served: false }).quota.fast?.remaining).toBe(10)
    expect(fail(condition(), { served: false, mayPenalise: false }).quota.fast?.remaining).toBe(10)
  })
})

describe('an account on trial after cooling', () => {
  const cooled = (coolings: number): AccountCondition =>
    condition({
      state: { status: 'cooling', until: NOW, cause: cause('egress_rejected') },
      coolings,
      health: 0.3,
    })

  test.each([
    [1, MINUTE],
    [2, 2 * MINUTE],
    [5, 16 * MINUTE],
    [6, 30 * MINUTE],
    [2000, 30 * MINUTE],
  ])('that fails after %p pauses waits %p ms: twice as long, up to half an hour', (coolings, pause) => {
    const after = applyFeedback(cooled(coolings), failure('upstream_unavailable'), context())
    expect(after.state).toMatchObject({ status: 'cooling', until: NOW + pause })
    expect(after.coolings).toBe(coolings + 1)
  })

  test('that succeeds is active again and starts with short pauses', () => {
    const after = applyFeedback(cooled(3), { type: 'success' }, context())
    expect(after).toMatchObject({ state: { status: 'active' }, coolings: 0, streak: null })
    expect(after.health).toBeGreaterThan(0.3)
  })

  test('whose client leaves stays on trial', () => {
    const before = cooled(3)
    expect(applyFeedback(before, { type: 'abandoned' }, context())).toEqual(before)
  })

  test('does not wait longer for failures that were in flight before it was put to cool', () => {
    let current = cooled(1)
    for (let n = 1; n <= 7; n++) {
      current = applyFeedback(
        current,
        failure('egress_rejected'),
        context({ now: NOW - n, poolSucceededAt: NOW }),
      )
    }
    expect(current).toEqual(cooled(1))
  })
})

describe('a success', () => {
  test('ends the streak and gives some health back, and leaves quota and mode pauses alone', () => {
    const modeCooldowns = { auto: { until: NOW + 1, cause: cause('rate_limited') } }
    const before = condition({ health: 0.5, streak: { count: 2, startedAt: NOW - 1 }, modeCooldowns })
    const after = applyFeedback(before, { type: 'success' }, context())
    expect(after).toEqual({ ...before, health: 0.65, streak: null })
  })
})

describe('health', () => {
  test('comes back by half of what is missing in ten minutes', () => {
    expect(healthAt({ health: 0.2, healthAt: NOW }, NOW)).toBeCloseTo(0.2)
    expect(healthAt({ health: 0.2, healthAt: NOW }, NOW + 10 * MINUTE)).toBeCloseTo(0.6)
    expect(healthAt({ health: 0.2, healthAt: NOW }, NOW + 20 * MINUTE)).toBeCloseTo(0.8)
  })

  test('never leaves 0 to 1, whatever happens and however clocks differ', () => {
    const outcome = fc.constantFrom<Outcome>({ type: 'success' }, failure('egress_rejected'), {
      type: 'abandoned',
    })
    const step = fc.tuple(outcome, fc.integer({ min: -100 * MINUTE, max: 10_000 * MINUTE }))
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, health) => {
          let current = condition({ health })
          let now = NOW
          for (const [outcome, passed] of steps) {
            now += passed
            current = applyFeedback(current, outcome, context({ now, poolSucceededAt: now }))
            for (const value of [current.health, healthAt(current, now), healthAt(current, now + passed)]) {
              expect(value).toBeGreaterThanOrEqual(0)
              expect(value).toBeLessThanOrEqual(1)
            }
          }
        },
      ),
    )
  })

  test('never falls with time alone', () => {
    const health = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(health, fc.nat(), fc.nat(), (health, a, b) => {
        const [earlier, later] = [Math.min(a, b), Math.max(a, b)].map((passed) =>
          healthAt({ health, healthAt: NOW }, NOW + passed),
        )
        expect(later ?? 0).toBeGreaterThanOrEqual(earlier ?? 0)
      }),
    )
  })
})
