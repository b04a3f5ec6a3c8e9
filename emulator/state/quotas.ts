import { z } from 'zod'
import type { Account, Tier } from './accounts.ts'
import type { EmulatorClock } from './clock.ts'
import { MODES, type Mode } from './modes.ts'

/** What the quota endpoint tells of one mode, spec/upstream-chat.md §7.1. */
export interface QuotaView {
  readonly windowSizeSeconds: number
  readonly remainingQueries: number
  readonly totalQueries: number
  /** Present only when nothing remains: seconds until the window refills. */
  readonly waitTimeSeconds?: number
}

/** A change to one window; `null` instead of it makes the mode unsupported. */
export const quotaPatchSchema = z
  .strictObject({
    total: z.int().min(0),
    remaining: z.int().min(0),
    windowSizeSeconds: z.int().min(1),
  })
  .partial()

/** See {@link quotaPatchSchema}. */
export type QuotaPatch = z.infer<typeof quotaPatchSchema>

interface QuotaWindow {
  readonly total: number
  readonly windowSizeSeconds: number
  readonly remaining: number
  /** When the first query of the running window was spent; null while the window is full. */
  readonly startedAt: number | null
}

type Defaults = readonly [total: number, windowSizeSeconds: number]

// spec/upstream-chat.md §7.2 and §7.4; basic accounts get auto and expert too, because the product's model table gives
// them these modes (the totals are those that §7.3 reads as "basic").
const DEFAULT_WINDOWS: DefaultWindows<Mode> = {
  basic: { auto: [20, 7200], fast: [30, 86_400], expert: [20, 7200] },
  super: { auto: [50, 7200], fast: [140, 7200], expert: [50, 7200], 'grok-420-computer-use-sa': [50, 7200] },
  heavy: {
    auto: [150, 7200],
    fast: [400, 7200],
    expert: [150, 7200],
    heavy: [20, 7200],
    'grok-420-computer-use-sa': [150, 7200],
  },
}

/** What a tier has of each kind after a start; a kind that is absent does not exist for it. */
export type DefaultWindows<Kind extends string> = Readonly<
  Record<Tier, Readonly<Partial<Record<Kind, Defaults>>>>
>

/** The quota windows of every account and chat mode, spec/upstream-chat.md §7. */
export function createChatQuotas(clock: EmulatorClock): QuotaTable<Mode> {
  return new QuotaTable(clock, MODES, DEFAULT_WINDOWS)
}

/** Quota windows of every account, one for each of some kinds. */
export class QuotaTable<Kind extends string> {
  readonly #clock: EmulatorClock
  readonly #kinds: readonly Kind[]
  readonly #defaults: DefaultWindows<Kind>
  readonly #windows = new Map<string, QuotaWindow | null>()

  constructor(clock: EmulatorClock, kinds: readonly Kind[], defaults: DefaultWindows<Kind>) {
    this.#clock = clock
    this.#kinds = kinds
    this.#defaults = defaults
  }

  /** The window as the service reports it, or undefined when the account has no such kind. */
  view(account: Account, kind: Kind): QuotaView | undefined {
    const window = this.#current(account, kind)
    if (window === null) return undefined
    const { total, remaining, windowSizeSeconds, startedAt } = window
    const view = { windowSizeSeconds, remainingQueries: remaining, totalQueries: total }
    if (remaining > 0) return view
    const refillAt = (startedAt ?? this.#clock.now()) + windowSizeSeconds * 1000
    return { ...view, waitTimeSeconds: Math.max(1, Math.ceil((refillAt - this.#clock.now()) / 1000)) }
  }

  /** The windows of all modes that the account has. */
  viewAll(account: Account): Partial<Record<Kind, QuotaView>> {
    const views: Partial<Record<Kind, QuotaView>> = {}
    for (const kind of this.#kinds) {
      const view = this.view(account, kind)
      if (view !== undefined) views[kind] = view
    }
    return views
  }

  /** Spends one query; false when nothing remains or the mode is unsupported. */
  spend(account: Account, kind: Kind): boolean {
    const window = this.#current(account, kind)
    if (window === null || window.remaining <= 0) return false
    this.#save(account, kind, {
      ...window,
      remaining: window.remaining - 1,
      startedAt: window.startedAt ?? this.#clock.now(),
    })
    return true
  }

  /** Changes one window, creating it when the mode was unsupported; null removes the mode from the account. */
  patch(account: Account, kind: Kind, patch: QuotaPatch | null): void {
    if (patch === null) {
      this.#windows.set(keyOf(account, kind), null)
      return
    }
    const before = this.#current(account, kind)
    const total = patch.total ?? before?.total ?? patch.remaining ?? 0
    const remaining = patch.remaining ?? (patch.total === undefined ? (before?.remaining ?? total) : total)
    const startedAt = remaining < total ? (before?.startedAt ?? this.#clock.now()) : null
    const windowSizeSeconds = patch.windowSizeSeconds ?? before?.windowSizeSeconds ?? 7200
    this.#save(account, kind, { total, remaining, windowSizeSeconds, startedAt })
  }

  /** Back to the defaults of each tier. */
  reset(): void {
    this.#windows.clear()
  }

  #current(account: Account, kind: Kind): QuotaWindow | null {
    const window = this.#windows.get(keyOf(account, kind))
    if (window === undefined) return fullWindow(this.#defaults[account.tier][kind])
    if (window === null || window.startedAt === null) return window
    const ended = this.#clock.now() >= window.startedAt + window.windowSizeSeconds * 1000
    return ended ? { ...window, remaining: window.total, startedAt: null } : window
  }

  #save(account: Account, kind: Kind, window: QuotaWindow): void {
    this.#windows.set(keyOf(account, kind), window)
  }
}

function keyOf(account: Account, kind: string): string {
  return `${account.token} ${kind}`
}

function fullWindow(defaults: Defaults | undefined): QuotaWindow | null {
  if (defaults === undefined) return null
  const [total, windowSizeSeconds] = defaults
  return { total, windowSizeSeconds, remaining: total, startedAt: null }
}
