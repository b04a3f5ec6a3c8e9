import { setImmediate } from 'node:timers/promises'
import type { Account } from '../core/account.ts'
import type { AccountChange } from '../core/merge-account.ts'
import type { Slot } from './slot.ts'

/** Rows per write, unless the store wants fewer; more wait for the next. */
const MAX_BATCH = 500

/** What a change is about: only counts and times, which may be written later, or what an account can do. */
export type ChangeKind = 'use' | 'condition'

/** What became of a slot that was written: the row that the store has now, `gone` if it has none any more, or `failed`. */
export type WriteOutcome = Account | 'gone' | 'failed'

/** Merges changes into the stored rows and returns those; see `AccountStore.save`. */
type Save = (changes: readonly AccountChange[]) => Promise<readonly Account[]>

/** Writes the accounts that use has changed: together, a little later, and again if the store failed. */
export class WriteBehind {
  readonly #save: Save
  readonly #endWrite: (slot: Slot, outcome: WriteOutcome) => void
  /** At most one entry per account, however often it changed. */
  readonly #changed = new Set<Slot>()
  /** Those of them that the store should have soon. */
  readonly #pressing = new Set<Slot>()
  readonly #maxBatch: number
  #writing: Promise<void> = Promise.resolve()

  /**
   * `endWrite` brings the outcome into the directory, and leaves the slot dirty if it has changed meanwhile. A store that
   * writes on this thread wants small batches: between two of them, streams have their turn.
   */
  constructor(save: Save, endWrite: (slot: Slot, outcome: WriteOutcome) => void, maxBatch = MAX_BATCH) {
    this.#save = save
    this.#endWrite = endWrite
    this.#maxBatch = maxBatch
  }

  /** How many accounts wait to be written. */
  get waiting(): number {
    return this.#changed.size
  }

  add(slot: Slot, kind: ChangeKind = 'condition'): void {
    this.#changed.add(slot)
    if (kind === 'condition') this.#pressing.add(slot)
  }

  /** Writes all that waits now; rejects if the store does, and keeps what was not written. */
  flush(): Promise<void> {
    return this.#write(this.#changed)
  }

  /** The same for those of which more than their use has changed. */
  flushPressing(): Promise<void> {
    return this.#write(this.#pressing)
  }

  #write(waiting: ReadonlySet<Slot>): Promise<void> {
    const write = this.#writing.then(() => this.#writeAll([...waiting]))
    this.#writing = write.catch(() => undefined) // the caller is told; the next flush starts anew
    return write
  }

  async #writeAll(slots: readonly Slot[]): Promise<void> {
    for (let start = 0; start < slots.length; start += this.#maxBatch) {
      if (start > 0) await setImmediate()
      await this.#writeBatch(slots.slice(start, start + this.#maxBatch))
    }
  }

  async #writeBatch(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) slot.sent = slot.account
    try {
      const rows = await this.#save(slots.map((slot) => ({ base: slot.base, next: slot.account })))
      const stored = new Map(rows.map((row) => [row.id, row]))
      for (const slot of slots) this.#end(slot, stored.get(slot.account.id) ?? 'gone')
    } catch (error) {
      // nothing was written, or, if the connection broke at the very end, perhaps all: then some uses count twice
      for (const slot of slots) if (slot.sent) this.#endWrite(slot, 'failed')
      throw error
    }
  }

  #end(slot: Slot, outcome: WriteOutcome): void {
    this.#endWrite(slot, outcome)
    if (slot.dirty) return
    this.#changed.delete(slot)
    this.#pressing.delete(slot)
  }
}
