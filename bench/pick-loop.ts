import type { Reservation } from '../src/accounts/directory.ts'
import type { ReserveQuery } from '../src/accounts/reserve-query.ts'
import type { Pool } from './account-pool.ts'

/** When a pick began, when it had its account, and when it had settled an older one (nanoseconds). */
export type PickTimer = (startedAt: number, reservedAt: number, settledAt: number) => void

/** Requests that are running at any time. */
export const IN_FLIGHT = 500

/** One use in so many fails. */
const FAILURE_EVERY = 50

/** Requests as they come: mostly a chat that any pool serves, some that only better accounts can. */
const queries: readonly ReserveQuery[] = [
  { tiers: ['basic', 'super', 'heavy'], modes: ['fast'], exclude: new Set() },
  { tiers: ['basic', 'super', 'heavy'], modes: ['auto', 'fast', 'expert'], exclude: new Set() },
  { tiers: ['heavy', 'super', 'basic'], modes: ['expert'], exclude: new Set() },
  { tiers: ['super', 'heavy'], modes: ['grok-420-computer-use-sa'], exclude: new Set([1, 2, 3]) },
]

/** Takes an account and settles the one that was taken `IN_FLIGHT` picks ago, over and over. */
export class PickLoop {
  readonly #pool: Pool
  /** The reservations that are out, in a ring: each new one ends the oldest. */
  readonly #ring = Array.from<Reservation | undefined>({ length: IN_FLIGHT })
  #picks = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  run(picks: number, onPick?: PickTimer): void {
    for (const end = this.#picks + picks; this.#picks < end; this.#picks++) this.#pickOnce(onPick)
  }

  #pickOnce(onPick?: PickTimer): void {
    this.#pool.advance()
    const query = queries[this.#picks % queries.length]
    const place = this.#picks % IN_FLIGHT
    const startedAt = Bun.nanoseconds()
    const reservation = query && this.#pool.directory.reserve(query)
    const reservedAt = Bun.nanoseconds()
    this.#settle(this.#ring[place])
    onPick?.(startedAt, reservedAt, Bun.nanoseconds())
    if (!reservation) throw new Error('the pool is used up: the benchmark measures nothing')
    this.#ring[place] = reservation
  }

  #settle(reservation: Reservation | undefined): void {
    if (!reservation) return
    const failure = { type: 'failure', code: 'upstream_unavailable', evidence: 'a benchmark' } as const
    const outcome = this.#picks % FAILURE_EVERY === 0 ? failure : ({ type: 'success' } as const)
    this.#pool.directory.settle(reservation, outcome, { served: true, mayPenalise: true })
  }
}
