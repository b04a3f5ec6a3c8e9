import type { AccountStore, SyncCursor } from '../store/contract.ts'
import { FIRST_CURSOR } from '../store/contract.ts'
import type { AccountDirectory } from './directory.ts'

/** Rows per read. */
const PAGE_SIZE = 5000

/** Reads that find nothing after which the pace slows down again (spec/control-plane.md §1.10). */
const ACTIVE_READS = 5

/** How often the store is asked for changes. */
export interface SyncPace {
  readonly idleSeconds: number
  /** While changes arrive, and a few reads longer. */
  readonly activeSeconds: number
}

/** Brings what others wrote to the store into the directory. */
export class AccountSync {
  readonly #store: AccountStore
  readonly #directory: AccountDirectory
  #cursor: SyncCursor = FIRST_CURSOR
  #activeReadsLeft = 0
  #reading: Promise<unknown> = Promise.resolve()
  #next: Promise<number> | undefined

  constructor(store: AccountStore, directory: AccountDirectory) {
    this.#store = store
    this.#directory = directory
  }

  /**
   * Reads every row after the last one seen; returns how many there were. Each page moves the cursor on. Reads run one
   * after the other, and all who ask during one share the next: however many hints arrive, at most one read waits.
   */
  read(signal: AbortSignal): Promise<number> {
    this.#next ??= this.#start(signal)
    return this.#next
  }

  async #start(signal: AbortSignal): Promise<number> {
    await this.#reading
    this.#next = undefined
    const read = this.#readAll(signal)
    this.#reading = read.catch(() => undefined) // the caller is told; the next read starts anew
    return read
  }

  async #readAll(signal: AbortSignal): Promise<number> {
    let total = 0
    while (!signal.aborted) {
      const { accounts, cursor } = await this.#store.changesSince(this.#cursor, PAGE_SIZE)
      if (accounts.length === 0) break
      this.#directory.upsert(accounts)
      this.#cursor = cursor
      total += accounts.length
    }
    this.#activeReadsLeft = total > 0 ? ACTIVE_READS : Math.max(0, this.#activeReadsLeft - 1)
    return total
  }

  /** The revision of the last row that was read. */
  get revision(): number {
    return this.#cursor.revision
  }

  /** Seconds until the next read. */
  pauseSeconds(pace: SyncPace): number {
    return this.#activeReadsLeft > 0 ? pace.activeSeconds : pace.idleSeconds
  }
}
