import type { Clock } from '../../util/clock.ts'

/** Logouts that are remembered at most; beyond, the oldest are forgotten. */
const MAX_ENDED = 10_000

/** The sessions that were ended by a logout and whose tokens would still hold. */
export class EndedSessions {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(id: string): boolean {
    return this.#until.has(id)
  }

  /** Remembers an id until its token is worthless by itself. */
  add(id: string, until: number): void {
    const now = this.#clock()
    for (const [known, end] of this.#until) {
      if (end > now && this.#until.size < MAX_ENDED) break
      this.#until.delete(known)
    }
    this.#until.set(id, until)
  }
}
