import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { encodeCredits, type Credits } from '../emulator/wire/credits-message.ts'
import { GatewayError } from '../src/core/error.ts'
import { parseWeeklyPool } from '../src/upstream/weekly-pool.ts'
import { CREDITS_END, CREDITS_START } from './harness/weekly-credits.ts'

/*
 * The message of the weekly pool as the emulator writes it and the client reads it: both sides must agree.
 */

const DAY = 86_400_000
const start = CREDITS_START + 250

const encode = (changes: Partial<Credits>): Buffer =>
  encodeCredits({ usedPercent: 10, startsAt: start, endsAt: start + 7 * DAY, products: [], ...changes })

describe('a pool is not read when', () => {
  test.each([
    ['more than everything is used', { usedPercent: 100.5 }],
    ['less than nothing is used', { usedPercent: -1 }],
    ['the share is no number', { usedPercent: Number.NaN }],
    ['the share is without end', { usedPercent: Number.POSITIVE_INFINITY }],
    ['the period ends before it begins', { endsAt: start - DAY }],
    ['the period is shorter than a day', { endsAt: start + DAY - 1 }],
    ['the period is longer than 31 days', { endsAt: start + 31 * DAY + 1 }],
    ['the times lie beyond all calendars', { startsAt: 300_000_000_000_000, endsAt: 300_000_604_800_000 }],
  ])('%s', (_, changes) => {
    expect(() => parseWeeklyPool(encode(changes))).toThrow(GatewayError)
  })
})

test('a free account with a share that is used, or with fractions in its times, has a pool all the same', () => {
  const whole = { startsAt: CREDITS_START, endsAt: CREDITS_END }
  expect(parseWeeklyPool(encode({ ...whole, usedPercent: 100 }))).toMatchObject({ remaining: 0 })
  expect(parseWeeklyPool(encode({ ...whole, startsAt: start, usedPercent: null }))).toMatchObject({
    remaining: 10_000,
  })
})

test('any pool comes out as it went in', () => {
  const pool = fc.record({
    hundredths: fc.nat(10_000),
    startsAt: fc.nat(4_000_000_000_000),
    periodMs: fc.integer({ min: DAY, max: 31 * DAY }),
    products: fc.array(fc.record({ code: fc.nat(6), percent: fc.nat(100) }), { maxLength: 7 }),
  })
  fc.assert(
    fc.property(pool, ({ hundredths, startsAt, periodMs, products }) => {
      fc.pre(hundredths > 0)
      const endsAt = startsAt + periodMs
      const bytes = encodeCredits({ usedPercent: hundredths / 100, startsAt, endsAt, products })
      expect(parseWeeklyPool(bytes)).toEqual({
        remaining: 10_000 - hundredths,
        total: 10_000,
        windowSeconds: Math.round(periodMs / 1000),
        resetAt: endsAt,
      })
    }),
  )
})
