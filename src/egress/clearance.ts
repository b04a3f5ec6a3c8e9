import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../util/clock.ts'
import { describeError, type Log } from '../util/log.ts'
import {
  bindingOf,
  keyOf,
  type BindingSettings,
  type ClearanceBundle,
  type ClearanceTarget,
} from './clearance-bundle.ts'
import { ClearanceEntry, type ClearanceState } from './clearance-entry.ts'
import type { ClearanceVault } from './clearance-vault.ts'
import { SOLVER_GRACE_SECONDS, type Solved, type SolveWish } from './flaresolverr.ts'
import { dropOldest } from '../util/drop-oldest.ts'

/** The settings that decide about clearances (`proxy.clearance`). */
export interface ClearanceSettings extends BindingSettings {
  /** Whether FlareSolverr is used. */
  readonly isOn: boolean
  /** The host that everything but files is asked of: its clearance is there before it is demanded. */
  readonly mainOrigin: string
  readonly timeoutSeconds: number
  readonly refreshSeconds: number
}

export interface ClearanceOptions {
  readonly settings: () => ClearanceSettings
  readonly vault: Pick<ClearanceVault, 'load' | 'obtain'>
  readonly solve: (wish: SolveWish) => Promise<Solved>
  readonly clock: Clock
  readonly log: Log
}

/** How the clearance for one target stands. */
export interface ClearanceReport {
  readonly target: ClearanceTarget
  readonly state: ClearanceState
  readonly bundle: ClearanceBundle | undefined
  readonly lastFailure: { readonly at: number; readonly message: string } | undefined
}

/** Targets that something is known about; the one used longest ago gives place. */
const MAX_TARGETS = 10_000
/** How old what another process may have replaced gets before the store is asked again. */
const REREAD_MS = 10_000
/** The same where there is nothing to go with. */
const MISSED_REREAD_MS = 1_000
/** Targets that are renewed although they are not configured: those used within so many renewals. */
const USED_RENEWALS = 2

/**
 * Clearances by way out and host. Whoever needs one waits for the one solve that runs for its target; what is there is
 * used until something better is; and only a refusal of the edge, for exactly that target, throws one away.
 */
export class Clearance {
  readonly #options: ClearanceOptions
  readonly #entries = new Map<string, ClearanceEntry>()
  readonly #closing = new AbortController()

  constructor(options: ClearanceOptions) {
    this.#options = options
  }

  /** Whether there is anything to do here. */
  get isOn(): boolean {
    const { isOn, solverUrl } = this.#options.settings()
    return isOn && solverUrl !== ''
  }

  /** The bundle for a request. That of the main host is waited for; others are fetched once they were demanded. */
  async acquire(target: ClearanceTarget, signal: AbortSignal): Promise<ClearanceBundle | undefined> {
    const entry = this.#entryFor(target)
    const ready = this.#usable(entry)
    if (ready) return ready
    if (this.#options.clock() - entry.readAt >= MISSED_REREAD_MS) await this.#read(entry)
    const known = this.#usable(entry)
    if (known || target.origin !== this.#options.settings().mainOrigin) return known
    return (await this.#awaitSolve(entry, signal)) ?? this.#lastGood(entry)
  }

  /** Another bundle, after the edge has refused this one, which is not shown again, or a request without. */
  async renew(
    target: ClearanceTarget,
    refusedId: string | undefined,
    signal: AbortSignal,
  ): Promise<ClearanceBundle | undefined> {
    const entry = this.#entryFor(target)
    if (refusedId !== undefined) entry.refuse(refusedId, this.#options.clock())
    const replaced = this.#usable(entry)
    if (replaced && replaced.id !== refusedId) return replaced
    return this.#awaitSolve(entry, signal)
  }

  /** The edge has taken a bundle. */
  confirm(target: ClearanceTarget, id: string): void {
    this.#entryFor(target).confirm(id)
  }

  /** Renews what is due, one after another: for these targets, and those used lately. Only the leader does that. */
  async renewDue(configured: readonly ClearanceTarget[], signal: AbortSignal): Promise<void> {
    const { settings, clock } = this.#options
    for (const target of configured) this.#entryFor(target, { isUse: false })
    for (const entry of this.#entries.values()) {
      if (signal.aborted || !this.isOn) return
      const { refreshSeconds } = settings()
      const isConfigured = configured.some((target) => keyOf(target) === entry.key)
      if (!isConfigured && entry.usedAt + refreshSeconds * USED_RENEWALS * 1000 < clock()) continue
      // a solver opens a browser for each: one at a time
      await this.#renewIfDue(entry, signal)
    }
  }

  /** Takes over what other processes have made, and forgets what is not used any more. */
  async followOthers(): Promise<void> {
    const { settings, clock } = this.#options
    const forgottenBefore = clock() - settings().refreshSeconds * USED_RENEWALS * 1000
    for (const entry of this.#entries.values()) {
      if (entry.usedAt < forgottenBefore && !entry.solving) this.#entries.delete(entry.key)
      else if (clock() - entry.readAt >= REREAD_MS) await this.#read(entry)
    }
  }

  /** What is known in this process. */
  reports(): readonly ClearanceReport[] {
    const now = this.#options.clock()
    return [...this.#entries.values()].map((entry) => ({
      target: entry.target,
      state: entry.stateFor(this.#binding(entry), now),
      bundle: entry.bundle,
      lastFailure: entry.lastFailure,
    }))
  }

  /** Ends what is being solved. */
  close(): void {
    this.#closing.abort()
  }

  #entryFor(target: ClearanceTarget, { isUse } = { isUse: true }): ClearanceEntry {
    const key = keyOf(target)
    const known = this.#entries.get(key)
    const entry = known ?? new ClearanceEntry(key, target)
    if (isUse || !known) {
      entry.usedAt = this.#options.clock()
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    dropOldest(this.#entries, MAX_TARGETS)
    return entry
  }

  #binding({ target }: ClearanceEntry): string {
    return bindingOf(target, this.#options.settings())
  }

  #usable(entry: ClearanceEntry): ClearanceBundle | undefined {
    const isUsable = entry.stateFor(this.#binding(entry), this.#options.clock()) === 'valid'
    return isUsable ? entry.bundle : undefined
  }

  /** An old one is better than none, as long as the edge has not refused it. */
  #lastGood(entry: ClearanceEntry): ClearanceBundle | undefined {
    const state = entry.stateFor(this.#binding(entry), this.#options.clock())
    return state === 'expired' ? entry.bundle : undefined
  }

  async #read(entry: ClearanceEntry): Promise<void> {
    const { vault, clock, log } = this.#options
    entry.readAt = clock()
    try {
      const kept = await vault.load(entry.key)
      if (kept && kept.solvedAt > (entry.bundle?.solvedAt ?? 0)) entry.take(kept)
    } catch (thrown) {
      log.warn('the kept clearances cannot be read', { error: describeError(thrown) })
    }
  }

  async #renewIfDue(entry: ClearanceEntry, signal: AbortSignal): Promise<void> {
    const { settings, clock } = this.#options
    if (clock() - entry.readAt >= REREAD_MS) await this.#read(entry)
    if (!entry.isDue(this.#binding(entry), { now: clock(), refreshSeconds: settings().refreshSeconds }))
      return
    await this.#awaitSolve(entry, signal)
  }

  /** Waits for the one solve of a target, until it has taken as long as it may; nobody's leaving ends it for the others. */
  async #awaitSolve(entry: ClearanceEntry, signal: AbortSignal): Promise<ClearanceBundle | undefined> {
    const { settings, clock } = this.#options
    if (!entry.solving && clock() < entry.retryAt) return undefined
    if (!entry.solving) this.#start(entry)
    const leftMs = settings().timeoutSeconds * 1000 - (performance.now() - entry.solvingSince)
    const over = new AbortController()
    const limit = wait(Math.max(0, leftMs), undefined, {
      signal: AbortSignal.any([signal, over.signal]),
    }).catch(() => undefined) // whoever left is told by its own signal
    const bundle = await Promise.race([entry.solving, limit])
    over.abort()
    signal.throwIfAborted()
    return bundle ?? undefined
  }

  #start(entry: ClearanceEntry): void {
    entry.solvingSince = performance.now()
    entry.solving = this.#solve(entry).finally(() => {
      entry.solving = undefined
    })
  }

  /** Never rejects: a failure is told to the log, and to whoever asks for the state. */
  async #solve(entry: ClearanceEntry): Promise<ClearanceBundle | undefined> {
    const { vault, settings, clock, log } = this.#options
    const replacedId = entry.bundle?.id
    const binding = this.#binding(entry)
    const startedAt = clock()
    try {
      const bundle = await vault.obtain({
        key: entry.key,
        accepts: ({ id, expiresAt, ...other }) =>
          id !== replacedId && other.binding === binding && (expiresAt === null || expiresAt > clock()),
        solve: () => this.#make(entry, binding),
        limitSeconds: settings().timeoutSeconds + SOLVER_GRACE_SECONDS,
        signal: this.#closing.signal,
      })
      entry.take(bundle)
      return bundle
    } catch (thrown) {
      entry.fail(describeError(thrown), clock(), clock() - startedAt)
      if (!this.#closing.signal.aborted)
        log.warn('no clearance could be had', { host: entry.target.origin, error: describeError(thrown) })
      return undefined
    }
  }

  async #make({ target }: ClearanceEntry, binding: string): Promise<ClearanceBundle> {
    const { settings, solve, clock, log } = this.#options
    const { solverUrl, timeoutSeconds } = settings()
    const wish = { ...target, solverUrl, timeoutSeconds, signal: this.#closing.signal }
    const { expiresAt = null, ...solved } = await solve(wish)
    const now = clock()
    log.info('the edge gave a clearance', { host: target.origin })
    // a time that is over already says only that clocks differ
    const isTrusted = expiresAt !== null && expiresAt > now
    return {
      id: crypto.randomUUID(),
      ...solved,
      solvedAt: now,
      expiresAt: isTrusted ? expiresAt : null,
      binding,
    }
  }
}
