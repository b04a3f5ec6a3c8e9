import type { Account } from '../core/account.ts'
import { isMediaMode, modes, servedModes, WEEKLY, type Mode } from '../core/model.ts'
import type { QuotaWindow } from '../core/quota.ts'
import type { QuotaFigures, QuotaReport } from '../core/quota-report.ts'
import { believeTier } from './infer-tier.ts'

/** The account after the upstream has told its windows; `inFlight` queries are not in its figures yet. */
export function applyReport(account: Account, report: QuotaReport, now: number): Account {
  const quota: Partial<Record<Mode, QuotaWindow>> = { ...account.quota }
  const cooldowns = { ...account.modeCooldowns }
  for (const mode of modes) {
    const answer = report[mode]
    if (answer === 'absent') delete quota[mode]
    else if (answer && 'remaining' in answer) {
      quota[mode] = applyFigures(
        account.quota[mode],
        isMediaMode(mode) ? raiseTotal(account.quota[mode], answer) : answer,
        now,
      )
      const pause = cooldowns[mode]
      if (answer.remaining > 0) delete cooldowns[mode] // the upstream itself says that the mode is open again
      else if (pause && answer.waitSeconds !== undefined) {
        cooldowns[mode] = { ...pause, until: now + answer.waitSeconds * 1000 } // or when it will be
      }
    }
  }
  const belief = believeTier(account, report)
  // an account without any window would be lost for good: keep what it had
  const kept = servedModes.some((mode) => quota[mode]) ? quota : { ...account.quota }
  if (belief.tier === 'basic') delete kept[WEEKLY] // only paid accounts have a pool
  return {
    ...account,
    ...belief,
    quota: kept,
    modeCooldowns: cooldowns,
    syncedAt: isKnown(report) ? now : account.syncedAt,
  }
}

/** Whether the upstream told anything of what requests are made in; the pool alone leaves the windows as unknown as before. */
function isKnown(report: QuotaReport): boolean {
  return servedModes.some((mode) => report[mode] !== undefined && !(report[mode] instanceof Error))
}

/** Of media the upstream tells no totals: the most that was ever left stands for it. */
function raiseTotal(window: QuotaWindow | undefined, figures: QuotaFigures): QuotaFigures {
  return { ...figures, total: Math.max(figures.total, window?.total ?? 0) }
}

/**
 * Mostly the upstream gives no reset time: then it is the earliest one that is known of this window
 * (spec/control-plane.md §1.4).
 */
function applyFigures(window: QuotaWindow | undefined, figures: QuotaFigures, now: number): QuotaWindow {
  const { remaining, total, windowSeconds, waitSeconds, resetAt: exact } = figures
  const latest = now + windowSeconds * 1000
  const known = window?.resetAt && window.resetAt > now ? Math.min(window.resetAt, latest) : latest
  const resetAt = waitSeconds !== undefined && remaining === 0 ? now + waitSeconds * 1000 : known
  return {
    remaining,
    total,
    windowSeconds,
    resetAt: exact ?? (remaining < total ? resetAt : null),
    syncedAt: now,
    source: 'real',
  }
}
