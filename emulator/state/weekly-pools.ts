import { z } from 'zod'
import type { EmulatorClock } from './clock.ts'

/** The weekly pool of a paid account as callers write it; it starts a new period, spec/upstream-chat.md §7.5. */
export const weeklyPoolSchema = z.strictObject({
  usedPercent: z.number().min(0).max(100),
  periodDays: z.int().min(1).max(31).default(7),
  /** What one chat takes. */
  costPercent: z.number().min(0).max(100).default(1),
})

/** See {@link weeklyPoolSchema}. */
export type WeeklyPoolPatch = z.output<typeof weeklyPoolSchema>

/** A pool as it stands now; times are RFC 3339. */
export interface WeeklyPoolView extends WeeklyPoolPatch {
  readonly startsAt: string
  readonly endsAt: string
}

/** A period of time, in epoch milliseconds. */
export interface Period {
  readonly startsAt: number
  readonly endsAt: number
}

interface Pool extends WeeklyPoolPatch {
  readonly startsAt: number
}

const DAY = 86_400_000
const WEEK = 7 * DAY
const SECOND = 1000

/** Periods of paid accounts begin so long after a full second: clients tell free accounts by times that have no fraction. */
const FRACTION_MILLISECONDS = 250

/** The weekly pools, by token. No account has one until it is given one. */
export class WeeklyPoolTable {
  readonly #clock: EmulatorClock
  readonly #pools = new Map<string, Pool>()

  constructor(clock: EmulatorClock) {
    this.#clock = clock
  }

  /** The pool of a token, or null when its chats are counted by mode. */
  view(token: string): WeeklyPoolView | null {
    const pool = this.#current(token)
    if (pool === undefined) return null
    const { startsAt, endsAt } = periodOf(pool)
    return { ...pool, startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString() }
  }

  /** What is told to a client: the share that is used, null on a free account, and the period. */
  usage(token: string): Period & { readonly usedPercent: number | null } {
    const pool = this.#current(token)
    if (pool !== undefined) return { usedPercent: pool.usedPercent, ...periodOf(pool) }
    const startsAt = Math.floor(this.#clock.now() / WEEK) * WEEK
    return { usedPercent: null, startsAt, endsAt: startsAt + WEEK }
  }

  /** Takes one chat out of the pool; false when it is used up, null when there is none. */
  spend(token: string): boolean | null {
    const pool = this.#current(token)
    if (pool === undefined) return null
    if (pool.usedPercent >= 100) return false
    this.#pools.set(token, { ...pool, usedPercent: Math.min(100, pool.usedPercent + pool.costPercent) })
    return true
  }

  /** Seconds until the next period. */
  waitSeconds(token: string): number | undefined {
    const pool = this.#current(token)
    return pool && Math.max(1, Math.ceil((periodOf(pool).endsAt - this.#clock.now()) / SECOND))
  }

  /** Gives a token a pool whose period begins now; null takes its pool away. */
  patch(token: string, patch: WeeklyPoolPatch | null): void {
    if (patch === null) this.#pools.delete(token)
    else this.#pools.set(token, { ...patch, startsAt: this.#now() })
  }

  /** Back to no pools. */
  reset(): void {
    this.#pools.clear()
  }

  #current(token: string): Pool | undefined {
    const pool = this.#pools.get(token)
    if (pool === undefined) return undefined
    const length = pool.periodDays * DAY
    const ended = Math.floor((this.#clock.now() - pool.startsAt) / length)
    return ended <= 0 ? pool : { ...pool, usedPercent: 0, startsAt: pool.startsAt + ended * length }
  }

  #now(): number {
    return Math.floor(this.#clock.now() / SECOND) * SECOND + FRACTION_MILLISECONDS
  }
}

function periodOf({ startsAt, periodDays }: Pool): Period {
  return { startsAt, endsAt: startsAt + periodDays * DAY }
}
