import type { Clock } from '../util/clock.ts'
import type { LeaseStore } from './contract.ts'

/** How long a leader that says nothing more stays leader. */
const LEASE_MS = 15_000

/** Pause between two prolongations, so that two may fail before the lease is lost. */
export const LEADERSHIP_PAUSE_SECONDS = 5

export interface LeadershipOptions {
  readonly leases: LeaseStore
  /** What is led, e.g. `upkeep`. */
  readonly name: string
  /** Names this process among all. */
  readonly holder: string
  readonly clock: Clock
}

/** Whether this process is the one that does a thing for all (spec/control-plane.md §13.2 item 12). */
export class Leadership {
  readonly #options: LeadershipOptions
  #until = 0
  #token = 0

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  /** True while the lease holds; it lapses by itself when the store cannot be reached any more. */
  get isLeader(): boolean {
    return this.#options.clock() < this.#until
  }

  /** Grows with every change of leader; what is written under an older one is stale. */
  get token(): number {
    return this.#token
  }

  /** Takes or prolongs the lease; call it every `LEADERSHIP_PAUSE_SECONDS`. */
  async renew(): Promise<void> {
    const { leases, name, holder, clock } = this.#options
    const now = clock()
    const until = now + LEASE_MS
    const lease = await leases.acquire(name, { holder, until }, now)
    if (lease) this.#token = lease.token
    this.#until = lease ? until : 0
  }

  /** Gives the lease back, so that another process need not wait for its end. */
  async resign(): Promise<void> {
    const { leases, name, holder } = this.#options
    this.#until = 0
    await leases.release(name, holder)
  }
}
