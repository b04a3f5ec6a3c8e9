import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import type { QuotaReport } from '../core/quota-report.ts'
import { believeTier, inferTier, type TierBelief } from './infer-tier.ts'

const figures = (total: number) => ({ remaining: 1, total, windowSeconds: 7200 })
const failure = new GatewayError('upstream_unavailable', '')

describe('a report speaks for', () => {
  test.each<[string, QuotaReport, string | undefined]>([
    ['basic', { auto: figures(20), fast: figures(30) }, 'basic'],
    ['basic by the newer figures', { auto: figures(7) }, 'basic'],
    ['super', { auto: figures(50), fast: figures(140) }, 'super'],
    ['heavy', { auto: figures(150), fast: figures(400), heavy: figures(20) }, 'heavy'],
    ['heavy by its mode alone', { heavy: figures(3) }, 'heavy'],
    ['the lowest of contradictory signs', { auto: figures(150), fast: figures(30) }, 'basic'],
    ['nothing with totals that nobody knows', { auto: figures(60) }, undefined],
    ['nothing by its weekly pool', { weekly: { ...figures(10_000), resetAt: 1 } }, undefined],
    ['nothing when it failed', { auto: failure, fast: failure }, undefined],
    ['nothing when modes are absent', { auto: 'absent', heavy: 'absent' }, undefined],
  ])('%s', (_, report, tier) => {
    expect(inferTier(report)).toBe(tier as never)
  })
})

describe('the belief', () => {
  const belief: TierBelief = { tier: 'super', pinnedTier: null, tierDoubt: null }
  const basic = { auto: figures(20) }

  test('rises at once', () => {
    expect(believeTier(belief, { heavy: figures(20) }).tier).toBe('heavy')
  })

  test('falls only after two reports in a row', () => {
    const once = believeTier(belief, basic)
    expect(once.tier).toBe('super')
    expect(believeTier(once, basic).tier).toBe('basic')
    const between = believeTier(once, { auto: figures(50) })
    expect(believeTier(between, basic).tier).toBe('super')
  })

  test('is not touched by a report that failed or tells nothing', () => {
    expect(believeTier(belief, { auto: failure })).toEqual(belief)
    expect(believeTier(belief, { auto: figures(61) })).toEqual(belief)
  })

  test('gives way to a pin', () => {
    expect(believeTier({ ...belief, pinnedTier: 'heavy' }, basic).tier).toBe('heavy')
  })
})
