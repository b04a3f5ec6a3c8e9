import { isMediaMode, modes, WEEKLY, type Mode, type Tier } from './model.ts'

/** Where a window's figures come from: a table, the upstream, or our own counting since. */
export type QuotaSource = 'default' | 'real' | 'estimated'

/** The allowance of one mode on one account; times are epoch milliseconds (spec/control-plane.md §1.4). */
export interface QuotaWindow {
  readonly remaining: number
  readonly total: number
  readonly windowSeconds: number
  /** When the window refills; null while nothing of it is spent. */
  readonly resetAt: number | null
  readonly syncedAt: number | null
  readonly source: QuotaSource
}

/** The windows of an account; a chat mode without an entry is not offered by it, a media mode without one is not counted. */
export type Quota = Readonly<Partial<Record<Mode, QuotaWindow>>>

type Allowance = readonly [total: number, windowSeconds: number]

const TWO_HOURS = 7_200
const ONE_DAY = 86_400

/**
 * What an account is assumed to have until the upstream says otherwise (spec/upstream-chat.md §7.2; the basic row has
 * the modes of the seed's model table, spec/control-plane.md §0).
 */
const allowances: Record<Tier, Partial<Record<Mode, Allowance>>> = {
  basic: { auto: [20, TWO_HOURS], fast: [30, ONE_DAY], expert: [20, TWO_HOURS] },
  super: {
    auto: [50, TWO_HOURS],
    fast: [140, TWO_HOURS],
    expert: [50, TWO_HOURS],
    'grok-420-computer-use-sa': [50, TWO_HOURS],
  },
  heavy: {
    auto: [150, TWO_HOURS],
    fast: [400, TWO_HOURS],
    expert: [150, TWO_HOURS],
    heavy: [20, TWO_HOURS],
    'grok-420-computer-use-sa': [150, TWO_HOURS],
  },
}

/** The windows that a new account of a tier starts with. */
export function defaultQuota(tier: Tier): Quota {
  const quota: Partial<Record<Mode, QuotaWindow>> = {}
  for (const mode of modes) {
    const allowance = allowances[tier][mode]
    if (allowance) quota[mode] = freshWindow(...allowance)
  }
  return quota
}

function freshWindow(total: number, windowSeconds: number): QuotaWindow {
  return { remaining: total, total, windowSeconds, resetAt: null, syncedAt: null, source: 'default' }
}

/**
 * The window that decides about requests in a mode: the mode's own, but over the chat modes of a paid account its weekly
 * pool where it has one (spec/upstream-chat.md §7.5). A mode that the account does not offer has none.
 */
export function decidingWindow(
  { tier, quota }: { readonly tier: Tier; readonly quota: Quota },
  mode: Mode,
): QuotaWindow | undefined {
  const own = quota[mode]
  const pool = quota[WEEKLY]
  return own && pool && tier !== 'basic' && !isMediaMode(mode) ? pool : own
}

/** The window as it stands at `now`: full again once its reset time has passed, in any tier. */
export function refillWindow(window: QuotaWindow, now: number): QuotaWindow {
  if (window.resetAt === null || now < window.resetAt) return window
  return { ...window, remaining: window.total, resetAt: null, source: 'estimated' }
}

/** What is left of a window at `now`; for where requests wait, since it makes no new window. */
export function remainingAt({ remaining, total, resetAt }: QuotaWindow, now: number): number {
  return resetAt === null || now < resetAt ? remaining : total
}

/** Takes one query out of a window; the first one starts the clock. */
export function spendOne(window: QuotaWindow, now: number): QuotaWindow {
  const current = refillWindow(window, now)
  return {
    ...current,
    remaining: Math.max(0, current.remaining - 1),
    resetAt: current.resetAt ?? now + current.windowSeconds * 1000,
    source: 'estimated',
  }
}

/** Gives back one query that the upstream never served. */
export function refundOne(window: QuotaWindow): QuotaWindow {
  return { ...window, remaining: Math.min(window.total, window.remaining + 1) }
}

/** Marks a window as used up until `resetAt`. */
export function exhaust(window: QuotaWindow, resetAt: number): QuotaWindow {
  return { ...window, remaining: 0, resetAt, source: 'estimated' }
}
