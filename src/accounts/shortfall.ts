import type { Account } from '../core/account.ts'
import { isMediaMode, type ServedMode } from '../core/model.ts'
import type { Reason } from '../core/reason.ts'
import { availableFrom, type SelectionRules } from './eligibility.ts'
import type { ReserveQuery } from './reserve-query.ts'
import type { Slot } from './slot.ts'

/** Why no account can take a request now. */
export interface Shortfall {
  /**
   * `none`: no account is there for such a request, or an operator holds all; `busy`: one is full;
   * `waiting`: one comes back with time; `unreadable`: this gateway cannot open their secrets; the others as the states
   * that most of them are in.
   */
  readonly type: 'none' | 'busy' | 'waiting' | 'unreadable' | 'suspended' | 'needs-login'
  /** What the account that comes back first waits for, if it is known. */
  readonly reason?: Reason | undefined
  /** When a repeat may be worth it, in whole seconds. */
  readonly retryAfterSeconds: number
}

/** What there is to serve with. */
export interface Pool {
  readonly slots: ReadonlyMap<number, Slot>
  readonly rules: SelectionRules
  readonly now: number
}

/** How long a look at a large pool is good for. */
const LOOK_LIFE_MS = 1_000
/** Pools up to this size are looked at each time. */
const SMALL_POOL = 256

const BUSY_SECONDS = 1
/** Where nobody comes back by waiting. Clients that repeat by themselves do not wait that long, and tell their user. */
const LOST_SECONDS = 300
/** The longest wait that is told: after an hour the pool may look different. */
const MAX_SECONDS = 3_600

/** Sums up why nobody can serve; only a request that found no account asks, and a large pool is looked at once a second. */
export class Shortfalls {
  readonly #looks = new Map<string, { readonly at: number; readonly shortfall: Shortfall }>()

  /** Why none of the pool can take what is asked for, whoever was tried already. */
  of(query: ReserveQuery, pool: Pool): Shortfall {
    const { tiers, modes, prefer, mustPrefer } = query
    const sole = prefer === undefined ? undefined : pool.slots.get(prefer)
    if (mustPrefer === true) return sumUp(sole ? [sole] : [], query, pool)
    const key = `${tiers.join()} ${modes.join()}` // as many as the catalogue of models has kinds
    const known = this.#looks.get(key)
    const isFresh = known && pool.slots.size > SMALL_POOL && pool.now - known.at < LOOK_LIFE_MS
    if (isFresh) return known.shortfall
    const shortfall = sumUp(pool.slots.values(), query, pool)
    this.#looks.set(key, { at: pool.now, shortfall })
    return shortfall
  }
}

function sumUp(slots: Iterable<Slot>, { tiers, modes }: ReserveQuery, { rules, now }: Pool): Shortfall {
  const counts = { unreadable: 0, suspended: 0, 'needs-login': 0 }
  let first: Return | undefined
  for (const { account, asideUntil } of slots) {
    if (!tiers.includes(account.tier) || !modes.some((mode) => isOffered(account, mode))) continue
    const { status } = account.state
    if (status === 'disabled' || status === 'deleted') continue
    if (status === 'suspended' || status === 'needs-login') counts[status]++
    else if (asideUntil > now) counts.unreadable++
    else {
      const from = earliest(account, modes, { rules, now })
      // what could serve now and does not is full, here or over all processes
      if (from <= now) return { type: 'busy', retryAfterSeconds: BUSY_SECONDS }
      if (!first || from < first.from) first = { account, from }
    }
  }
  return first ? waitFor(first, now) : { type: commonest(counts), retryAfterSeconds: LOST_SECONDS }
}

/** An account that comes back by itself, and when (epoch ms; Infinity: with the next figures of the upstream). */
interface Return {
  readonly account: Account
  readonly from: number
}

function waitFor({ account: { state }, from }: Return, now: number): Shortfall {
  const isCooling = state.status === 'cooling' && state.until === from
  const seconds = from === Number.POSITIVE_INFINITY ? LOST_SECONDS : Math.ceil((from - now) / 1000)
  return {
    type: 'waiting',
    reason: isCooling ? state.cause.reason : 'quota',
    retryAfterSeconds: Math.min(MAX_SECONDS, seconds),
  }
}

/** When the account may serve in the first of these modes (epoch ms); no array is made, for pools are large. */
function earliest(
  account: Account,
  modes: readonly ServedMode[],
  { rules, now }: Pick<Pool, 'rules' | 'now'>,
): number {
  let from = Number.POSITIVE_INFINITY
  for (const mode of modes) from = Math.min(from, availableFrom(account, mode, rules, now))
  return from
}

/** Whether the account has the mode at all, used up or not. */
function isOffered({ quota }: Account, mode: ServedMode): boolean {
  return quota[mode] !== undefined || isMediaMode(mode)
}

/** A fault of this gateway first, since it can be mended here; otherwise what most accounts are lost by. */
function commonest(counts: Readonly<Record<'unreadable' | 'suspended' | 'needs-login', number>>) {
  if (counts.unreadable > 0) return 'unreadable'
  if (counts.suspended === 0 && counts['needs-login'] === 0) return 'none'
  return counts.suspended >= counts['needs-login'] ? 'suspended' : 'needs-login'
}
