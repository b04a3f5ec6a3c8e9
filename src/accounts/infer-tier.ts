import { tiers, type Mode, type Tier } from '../core/model.ts'
import type { QuotaFigures, QuotaReport } from '../core/quota-report.ts'

/** Totals that tell a tier, by mode (spec/upstream-chat.md §7.3). Other totals tell nothing. */
const telltales: Readonly<Partial<Record<Mode, Readonly<Record<number, Tier>>>>> = {
  auto: { 7: 'basic', 20: 'basic', 50: 'super', 150: 'heavy' },
  fast: { 30: 'basic', 140: 'super', 400: 'heavy' },
  expert: { 20: 'basic', 50: 'super', 150: 'heavy' },
}

/** A tier that is lower than before must be seen this often in a row. */
const DOUBTS_BEFORE_DOWNGRADE = 2

/** What is believed about an account's tier. */
export interface TierBelief {
  readonly tier: Tier
  readonly pinnedTier: Tier | null
  readonly tierDoubt: { readonly tier: Tier; readonly count: number } | null
}

/** The tier that a report speaks for; undefined if it tells nothing. Contradictory signs count as the lowest. */
export function inferTier(report: QuotaReport): Tier | undefined {
  const heavy = report.heavy
  const hasHeavyMode = isFigures(heavy) && heavy.total > 0
  const signs: Tier[] = hasHeavyMode ? ['heavy'] : []
  for (const mode of ['auto', 'fast', 'expert'] as const) {
    const figures = report[mode]
    const sign = isFigures(figures) ? telltales[mode]?.[figures.total] : undefined
    if (sign) signs.push(sign)
  }
  return signs.length === 0 ? undefined : tiers.find((tier) => signs.includes(tier))
}

/**
 * The belief after a report (spec/control-plane.md §13.2 item 11): a pinned tier holds, a higher one is taken over at
 * once, a lower one after two reports in a row, and a report that tells nothing changes nothing.
 */
export function believeTier(belief: TierBelief, report: QuotaReport): TierBelief {
  const { tier, pinnedTier, tierDoubt } = belief
  if (pinnedTier) return { tier: pinnedTier, pinnedTier, tierDoubt: null }
  const seen = inferTier(report)
  if (!seen) return belief
  if (tiers.indexOf(seen) >= tiers.indexOf(tier)) return { tier: seen, pinnedTier, tierDoubt: null }
  const count = tierDoubt?.tier === seen ? tierDoubt.count + 1 : 1
  if (count >= DOUBTS_BEFORE_DOWNGRADE) return { tier: seen, pinnedTier, tierDoubt: null }
  return { tier, pinnedTier, tierDoubt: { tier: seen, count } }
}

function isFigures(answer: QuotaReport[Mode]): answer is QuotaFigures {
  return typeof answer === 'object' && 'remaining' in answer
}
