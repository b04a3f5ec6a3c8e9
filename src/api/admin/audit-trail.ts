import type { NewAuditEntry } from '../../core/audit.ts'
import { GatewayError } from '../../core/error.ts'
import type { AuditStore } from '../../store/contract.ts'
import { describeError, type Log } from '../../util/log.ts'

/** Entries that wait for the store to answer again; beyond, the oldest are in the log only. */
const MAX_WAITING = 1_000
/** Refusals of unknown callers that are written per window, so that nobody can fill the store from outside. */
export const MAX_ANONYMOUS_ENTRIES = 200
const ANONYMOUS_WINDOW_MS = 15 * 60_000

export interface AuditTrailOptions {
  readonly store: AuditStore
  /** Resolves if the store answers. */
  readonly ping: () => Promise<void>
  readonly log: Log
}

/**
 * The record of what operators do: one entry per change, written before the answer is sent. An entry needs the answer's
 * status, so it can only be written afterwards; what is checked before is that the store answers and that every earlier
 * entry is in it. So at most the changes that are under way when a store fails are recorded late: their entries are in
 * the log, are kept, and are written before the next change is let through.
 */
export class AuditTrail {
  readonly #options: AuditTrailOptions
  #waiting: NewAuditEntry[] = []
  #anonymous = { count: 0, omitted: 0, until: 0 }

  constructor(options: AuditTrailOptions) {
    this.#options = options
  }

  /** Throws 503 unless a change can be recorded now. */
  async ready(): Promise<void> {
    try {
      await this.#options.ping()
      await this.#writeWaiting()
    } catch (cause) {
      const message = 'Nothing was done: the audit trail cannot be written at the moment.'
      throw new GatewayError('unavailable', message, { cause })
    }
  }

  /** Writes an entry; one that cannot be written is logged and kept. */
  async record(entry: NewAuditEntry): Promise<void> {
    // a login that succeeds has no name yet either, and is always written
    const isRefusedStranger = entry.actor === '-' && entry.status >= 400
    if (isRefusedStranger && !this.#countAnonymous(entry.at)) return
    const noted = isRefusedStranger ? this.#withOmitted(entry) : entry
    try {
      await this.#options.store.append(noted)
    } catch (error) {
      this.#options.log.error('an audit entry could not be written and waits', {
        entry: noted,
        error: describeError(error),
      })
      this.#waiting = [...this.#waiting, noted].slice(-MAX_WAITING)
    }
  }

  async #writeWaiting(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    let written = 0
    try {
      for (const entry of waiting) {
        await this.#options.store.append(entry)
        written++
      }
    } finally {
      this.#waiting = [...waiting.slice(written), ...this.#waiting]
    }
  }

  #countAnonymous(now: number): boolean {
    if (now >= this.#anonymous.until) {
      this.#anonymous = { ...this.#anonymous, count: 0, until: now + ANONYMOUS_WINDOW_MS }
    }
    const isWritten = this.#anonymous.count < MAX_ANONYMOUS_ENTRIES
    this.#anonymous.count += isWritten ? 1 : 0
    this.#anonymous.omitted += isWritten ? 0 : 1
    return isWritten
  }

  /** The first entry after some were left out says how many. */
  #withOmitted(entry: NewAuditEntry): NewAuditEntry {
    const { omitted } = this.#anonymous
    if (omitted === 0) return entry
    this.#anonymous.omitted = 0
    return { ...entry, detail: { request: entry.detail, omitted } }
  }
}
