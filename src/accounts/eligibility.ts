import type { Account } from '../core/account.ts'
import { isMediaMode, type Mode } from '../core/model.ts'
import { decidingWindow, remainingAt } from '../core/quota.ts'

/** `quota` counts queries and never probes past them; `random` ignores them (spec/control-plane.md §2.1). */
export type Strategy = 'quota' | 'random'

export interface SelectionRules {
  readonly strategy: Strategy
  /** Requests at once per account, in both strategies. */
  readonly maxInFlight: number
}

/** Whether an account may take a request in a mode, or from when on (epoch ms; Infinity: not by waiting). */
export function availableFrom(account: Account, mode: Mode, rules: SelectionRules, now: number): number {
  const stateFrom = stateAvailableFrom(account)
  const modeFrom = account.modeCooldowns[mode]?.until ?? 0
  const quotaFrom =
    rules.strategy === 'quota' ? quotaAvailableFrom(account, mode, now) : offeredFrom(account, mode)
  return Math.max(stateFrom, modeFrom, quotaFrom)
}

/** The cap on parallel requests: one while an account that was put to cool is on trial, the rule's otherwise. */
export function inFlightCap(account: Account, rules: SelectionRules): number {
  return account.state.status === 'cooling' ? 1 : (account.maxInFlight ?? rules.maxInFlight)
}

function stateAvailableFrom({ state }: Account): number {
  if (state.status === 'active') return 0
  return state.status === 'cooling' ? state.until : Number.POSITIVE_INFINITY
}

function quotaAvailableFrom(account: Account, mode: Mode, now: number): number {
  const window = decidingWindow(account, mode)
  if (!window) return offeredFrom(account, mode)
  if (remainingAt(window, now) > 0) return 0
  const { resetAt } = window
  // an empty window refills only by a new report from the upstream if it has no reset time, or had nothing then either
  return resetAt === null || resetAt <= now ? Number.POSITIVE_INFINITY : resetAt
}

function offeredFrom(account: Account, mode: Mode): number {
  return account.quota[mode] || isMediaMode(mode) ? 0 : Number.POSITIVE_INFINITY
}
