import type { Account } from '../core/account.ts'
import type { Slot } from './slot.ts'

/** Rows per write; more wait for the next. */
const MAX_BATCH = 500

/** Writes the accounts that use has changed: together, a little later, and again if the store failed. */
export class WriteBehind {
  readonly #save: (accounts: readonly Account[]) => Promise<number>
  /** At most one entry per account, however often it changed. */
  readonly #changed = new Set<Slot>()
  #writing: Promise<void> = Promise.resolve()

  constructor(save: (accounts: readonly Account[]) => Promise<number>) {
    this.#save = save
  }

  /** How many accounts wait to be written. */
  get waiting(): number {
    return this.#changed.size
  }

  add(slot: Slot): void {
    this.#changed.add(slot)
  }

  /** Writes all that waits now; rejects if the store does, and keeps what was not written. */
  flush(): Promise<void> {
    const write = this.#writing.then(() => this.#writeAll())
    this.#writing = write.catch(() => undefined) // the caller is told; the next flush starts anew
    return write
  }

  async #writeAll(): Promise<void> {
    const slots = [...this.#changed]
    for (let start = 0; start < slots.length; start += MAX_BATCH)
      await this.#write(slots.slice(start, start + MAX_BATCH))
  }

  async #write(slots: readonly Slot[]): Promise<void> {
    const written = slots.map((slot) => slot.account)
    const revision = await this.#save(written)
    slots.forEach((slot, index) => {
      if (slot.account !== written[index]) return // changed meanwhile: it stays for the next write
      slot.account = { ...slot.account, revision }
      slot.dirty = false
      this.#changed.delete(slot)
    })
  }
}
