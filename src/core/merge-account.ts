import { MAX_HISTORY, type Account, type AccountState } from './account.ts'
import { modes, type Mode } from './model.ts'
import type { Quota, QuotaWindow } from './quota.ts'

/** What a process did to an account: as it last saw it in the store, and as it has it now. */
export interface AccountChange {
  readonly base: Account
  readonly next: Account
}

/**
 * The row that results when a change meets a row that others may have changed meanwhile. Counts add up, what was spent of
 * a window is spent of the stored one, and of two new states the graver one stays; of everything else the change wins
 * where it changed something.
 */
export function mergeAccount(stored: Account, { base, next }: AccountChange): Account {
  if (base === next) return stored
  const changed = Object.entries(next).filter(([field, value]) => !isSame(value, Reflect.get(base, field)))
  if (changed.length === 0) return stored
  return {
    ...stored,
    ...Object.fromEntries(changed),
    id: stored.id,
    state: mergeState(stored.state, base.state, next.state),
    history: mergeHistory(stored.history, base.history, next.history),
    quota: mergeQuota(stored.quota, base.quota, next.quota),
    successCount: stored.successCount + next.successCount - base.successCount,
    failureCount: stored.failureCount + next.failureCount - base.failureCount,
    lastUsedAt: latest(stored.lastUsedAt, next.lastUsedAt),
  }
}

/** From what passes by itself to what only a person takes back. */
const gravity: Readonly<Record<AccountState['status'], number>> = {
  active: 0,
  cooling: 1,
  'needs-login': 2,
  suspended: 3,
  disabled: 4,
  deleted: 5,
}

/** A late feedback must not undo what an operator, or the death of the credential, has decided elsewhere. */
function mergeState(stored: AccountState, base: AccountState, next: AccountState): AccountState {
  if (isSame(base, next)) return stored
  if (isSame(base, stored)) return next
  return gravity[stored.status] > gravity[next.status] ? stored : next
}

/** The transitions of both sides, in the order of their times. */
function mergeHistory(
  stored: Account['history'],
  base: Account['history'],
  next: Account['history'],
): Account['history'] {
  const known = new Set([...base, ...stored].map((transition) => JSON.stringify(transition)))
  const added = next.filter((transition) => !known.has(JSON.stringify(transition)))
  if (added.length === 0) return stored
  // sorting keeps the order of what happened at the same time
  return [...stored, ...added].sort((a, b) => a.cause.at - b.cause.at).slice(-MAX_HISTORY)
}

function mergeQuota(stored: Quota, base: Quota, next: Quota): Quota {
  const merged: Partial<Record<Mode, QuotaWindow>> = {}
  for (const mode of modes) {
    const window = mergeWindow(stored[mode], base[mode], next[mode])
    if (window) merged[mode] = window
  }
  return merged
}

type Window = QuotaWindow | undefined

function mergeWindow(stored: Window, base: Window, next: Window): Window {
  if (isSame(base, next)) return stored
  // what the upstream gave or took away is taken over whole; a window that others took away is not brought back by use
  if (!base || !next) return next
  if (!stored) return isReport(base, next) ? next : undefined
  if (isReport(base, next)) return isReport(base, stored) && isLater(stored, next) ? stored : next
  const isRefilled = base.resetAt !== null && next.resetAt !== base.resetAt
  if (!isRefilled) return spend(stored, { base, next }, base.remaining - next.remaining)
  // it was full at its refill, and all that is missing since was spent here; others may have refilled it, too
  const isRefilledThere = stored.resetAt !== base.resetAt || isReport(base, stored)
  return isRefilledThere ? spend(stored, { base, next }, next.total - next.remaining) : next
}

interface WindowChange {
  readonly base: QuotaWindow
  readonly next: QuotaWindow
}

/** The stored window, less what was spent. */
function spend(stored: QuotaWindow, change: WindowChange, spent: number): QuotaWindow {
  return {
    ...stored,
    remaining: Math.max(0, Math.min(stored.total, stored.remaining - spent)),
    resetAt: mergeResetAt(stored, change),
    source: stored.syncedAt === change.next.syncedAt ? change.next.source : stored.source,
  }
}

/** When both sides have opened the window, the earlier one was first to use it; what the upstream said holds anyway. */
function mergeResetAt(stored: QuotaWindow, { base, next }: WindowChange): number | null {
  if (next.resetAt === base.resetAt) return stored.resetAt
  if (isReport(base, stored)) return stored.resetAt ?? next.resetAt
  return stored.resetAt === base.resetAt ? next.resetAt : earliest(stored.resetAt, next.resetAt)
}

/** Whether the later window holds figures that the upstream gave since the earlier one. */
function isReport(earlier: QuotaWindow, later: QuotaWindow): boolean {
  const isOther = earlier.total !== later.total || earlier.windowSeconds !== later.windowSeconds
  return isOther || earlier.syncedAt !== later.syncedAt
}

function isLater(a: QuotaWindow, b: QuotaWindow): boolean {
  return (a.syncedAt ?? 0) > (b.syncedAt ?? 0)
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
