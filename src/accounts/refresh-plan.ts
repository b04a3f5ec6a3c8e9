import type { Account } from '../core/account.ts'
import {
  chatModes,
  isMediaMode,
  mediaModes,
  WEEKLY,
  type Mode,
  type ServedMode,
  type Tier,
} from '../core/model.ts'
import { decidingWindow, remainingAt } from '../core/quota.ts'

/** Seconds between two refreshes of an account, by tier. */
export type RefreshIntervals = Readonly<Record<Tier, number>>

/** How far an account's refresh may lie from the interval, so that a pool that was imported at once spreads out. */
const JITTER = 0.2

/** Whether an account takes part in refreshes: it serves now, or will again by itself. */
export function isRefreshable({ state }: Account): boolean {
  return state.status === 'active' || state.status === 'cooling'
}

/**
 * When an account's figures are due for a refresh (epoch ms): at once if it never had any, or if a mode was refused for
 * its rate since, which gives no time by itself.
 */
export function refreshDueAt(account: Account, intervals: RefreshIntervals): number {
  const { syncedAt } = account
  if (syncedAt === null) return account.createdAt
  const refusedAt = Object.values(account.modeCooldowns).map(({ cause }) => cause.at)
  const spread = 1 - JITTER * fractionOf(account.id)
  return Math.min(
    syncedAt + intervals[account.tier] * 1000 * spread,
    ...refusedAt.filter((at) => at > syncedAt),
  )
}

/** The modes to ask for: all while the tier is in doubt, else those that the account has and the one that tells the tier. */
export function modesToAsk(account: Account): readonly Mode[] {
  const isUnknown = account.syncedAt === null || account.tierDoubt
  const chat = chatModes.filter((mode) => isUnknown || mode === 'auto' || account.quota[mode])
  // basic accounts make no media and have no pool
  return account.tier === 'basic' ? chat : [...chat, ...mediaModes, WEEKLY]
}

/** Those that are most overdue, at most `limit`. */
export function chooseDue(
  accounts: Iterable<Account>,
  {
    now,
    intervals,
    limit,
  }: { readonly now: number; readonly intervals: RefreshIntervals; readonly limit: number },
): readonly Account[] {
  const due: { readonly account: Account; readonly at: number }[] = []
  for (const account of accounts) {
    if (!isRefreshable(account)) continue
    const at = refreshDueAt(account, intervals)
    if (at <= now) due.push({ account, at })
  }
  return due
    .sort((a, b) => a.at - b.at)
    .slice(0, limit)
    .map(({ account }) => account)
}

/** What a request needs that found no account. */
export interface Shortage {
  readonly tiers: readonly Tier[]
  readonly modes: readonly ServedMode[]
}

/** The modes to ask an account for that a request may have missed: those wanted, and the pool that may decide about them. */
export function modesForShortage({ tier }: Account, { modes }: Shortage): readonly Mode[] {
  const mayHavePool = tier !== 'basic' && !modes.every(isMediaMode)
  return mayHavePool ? [...modes, WEEKLY] : modes
}

/**
 * Accounts that a request may have missed only because their figures are guesses or old: used up in all wanted modes as
 * far as we know, and not asked for a while. At most `limit`, the oldest figures first.
 */
export function chooseForShortage(
  accounts: Iterable<Account>,
  shortage: Shortage,
  {
    now,
    minAgeSeconds,
    limit,
  }: { readonly now: number; readonly minAgeSeconds: number; readonly limit: number },
): readonly Account[] {
  const candidates: Account[] = []
  for (const account of accounts) {
    const isRecent = account.syncedAt !== null && now - account.syncedAt < minAgeSeconds * 1000
    const mayHelp = isRefreshable(account) && shortage.tiers.includes(account.tier) && !isRecent
    if (mayHelp && shortage.modes.some((mode) => isGuessedEmpty(account, mode, now))) candidates.push(account)
  }
  return candidates.sort((a, b) => (a.syncedAt ?? 0) - (b.syncedAt ?? 0)).slice(0, limit)
}

function isGuessedEmpty(account: Account, mode: ServedMode, now: number): boolean {
  const window = decidingWindow(account, mode)
  const isPaused = (account.modeCooldowns[mode]?.until ?? 0) > now
  if (!window) return isPaused && isMediaMode(mode)
  return isPaused || remainingAt(window, now) === 0
}

/** A number in [0, 1) that is always the same for an id. */
function fractionOf(id: number): number {
  return (Math.imul(id, 0x9e3779b1) >>> 0) / 2 ** 32
}
