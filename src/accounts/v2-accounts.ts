import type { AccountState, NewAccount, StateCause } from '../core/account.ts'
import type { Mode } from '../core/model.ts'
import type { QuotaSource, QuotaWindow } from '../core/quota.ts'
import { v2Modes, type V2Account } from '../store/v2/v2-record.ts'

const modeNames: Readonly<Record<keyof V2Account['quota'], Mode>> = {
  auto: 'auto',
  fast: 'fast',
  expert: 'expert',
  heavy: 'heavy',
  grok_4_3: 'grok-420-computer-use-sa',
}

const sources: readonly QuotaSource[] = ['default', 'real', 'estimated']

/** What version 2 knew of an account, laid over how it would start: its state with the reason, its windows, its counts. */
export function carryOver(fresh: NewAccount, old: V2Account, now: number): NewAccount {
  return {
    ...fresh,
    state: carryState(old, now),
    quota: { ...fresh.quota, ...carryQuota(old, now) },
    successCount: old.useCount,
    failureCount: old.failCount,
    lastUsedAt: old.lastUseAt,
  }
}

function carryState({ status, stateReason, cooldownUntil }: V2Account, now: number): AccountState {
  const evidence = `moved in from version 2${stateReason ? `: ${stateReason}` : ''}`
  const cause = (code: StateCause['code']): StateCause => ({ code, evidence, at: now })
  if (status === 'expired') return { status: 'needs-login', cause: cause('credential_invalid') }
  if (status === 'disabled') return { status: 'disabled', cause: cause('operator') }
  if (status === 'cooling' && cooldownUntil !== null && cooldownUntil > now) {
    return { status: 'cooling', until: cooldownUntil, cause: cause('rate_limited') }
  }
  return { status: 'active' }
}

/** Windows of no queries at all are modes that the account does not have. */
function carryQuota({ quota }: V2Account, now: number): Partial<Record<Mode, QuotaWindow>> {
  const carried: Partial<Record<Mode, QuotaWindow>> = {}
  for (const name of v2Modes) {
    const window = quota[name]
    if (!window || window.total <= 0) continue
    const { remaining, total, window_seconds: windowSeconds } = window
    carried[modeNames[name]] = {
      remaining: Math.max(0, Math.min(remaining, total)),
      total,
      windowSeconds,
      // a window that is not full and has no time would never refill
      resetAt: window.reset_at ?? (remaining < total ? now + windowSeconds * 1000 : null),
      syncedAt: window.synced_at ?? null,
      source: sources[window.source ?? 0] ?? 'estimated',
    }
  }
  return carried
}
