import type { ClearanceBundle, ClearanceTarget } from './clearance-bundle.ts'

/** `outdated`: the settings it was made with have changed. */
export type ClearanceState = 'missing' | 'valid' | 'expired' | 'refused' | 'outdated'

interface RenewalTimes {
  readonly now: number
  readonly refreshSeconds: number
}

/** The first pause after a failure; each further one doubles it. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** A bundle that was never taken may be refused once: it can have grown old unused. */
const BORNE_REFUSALS = 1
/** How long before its end a bundle is renewed, and at most which part of its life. */
const EARLY_MS = 60_000
const EARLY_PART = 0.1

/** What is known about one target. */
export class ClearanceEntry {
  readonly key: string
  readonly target: ClearanceTarget
  usedAt = 0
  /** When the store was last asked. */
  readAt = 0
  /** The solve that runs now. */
  solving: Promise<ClearanceBundle | undefined> | undefined
  /** By `performance.now()`. */
  solvingSince = 0
  #bundle: ClearanceBundle | undefined
  #refusedId: string | undefined
  #isProven = false
  /** Solves without a result, and results that the edge did not take, since the last good one. */
  #failures = 0
  #unprovenRefusals = 0
  #retryAt = 0
  #lastFailure: { readonly at: number; readonly message: string } | undefined

  constructor(key: string, target: ClearanceTarget) {
    this.key = key
    this.target = target
  }

  get bundle(): ClearanceBundle | undefined {
    return this.#bundle
  }

  /** Before this nothing is solved (epoch ms). */
  get retryAt(): number {
    return this.#retryAt
  }

  get lastFailure(): { readonly at: number; readonly message: string } | undefined {
    return this.#lastFailure
  }

  /** How its bundle stands; `binding` is that of the settings now. */
  stateFor(binding: string, now: number): ClearanceState {
    if (!this.#bundle) return 'missing'
    if (this.#bundle.binding !== binding) return 'outdated'
    if (this.#bundle.id === this.#refusedId) return 'refused'
    const { expiresAt } = this.#bundle
    return expiresAt !== null && expiresAt <= now ? 'expired' : 'valid'
  }

  /** Whether a new one is to be had before anybody asks. */
  isDue(binding: string, { now, refreshSeconds }: RenewalTimes): boolean {
    if (this.solving || now < this.#retryAt) return false
    if (!this.#bundle || this.stateFor(binding, now) !== 'valid') return true
    const { solvedAt, expiresAt } = this.#bundle
    if (now >= solvedAt + refreshSeconds * 1000) return true
    return expiresAt !== null && now >= expiresAt - Math.min(EARLY_MS, (expiresAt - solvedAt) * EARLY_PART)
  }

  /** A new bundle takes the place of the old one. */
  take(bundle: ClearanceBundle): void {
    this.#bundle = bundle
    this.#isProven = false
    if (this.#unprovenRefusals > BORNE_REFUSALS) return // what the edge thinks of it is still to be seen
    this.#failures = 0
    this.#retryAt = 0
  }

  /** The edge has taken it. */
  confirm(id: string): void {
    if (id !== this.#bundle?.id || this.#isProven) return
    this.#isProven = true
    this.#unprovenRefusals = 0
    this.#failures = 0
    this.#retryAt = 0
  }

  /** The edge has refused it; a solver whose results are never taken is given pauses. */
  refuse(id: string, now: number): void {
    if (id !== this.#bundle?.id || id === this.#refusedId) return
    this.#refusedId = id
    if (this.#isProven) return
    this.#unprovenRefusals++
    if (this.#unprovenRefusals > BORNE_REFUSALS) this.fail('the edge refuses what the solver brings', now)
  }

  /** A solve has failed; one that took long is not tried again soon. */
  fail(message: string, now: number, elapsedMs = 0): void {
    this.#lastFailure = { at: now, message }
    this.#failures++
    const pauseMs = Math.max(elapsedMs, FIRST_PAUSE_MS * 2 ** (this.#failures - 1))
    this.#retryAt = now + Math.min(pauseMs, LONGEST_PAUSE_MS)
  }
}
