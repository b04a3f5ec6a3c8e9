import type { PlacedFile } from '../upstream/upload.ts'
import type { Clock } from '../util/clock.ts'
import { dropOldest } from '../util/drop-oldest.ts'

/** Files that are remembered, over all accounts. */
const MAX_ENTRIES = 10_000
/** How long an upload is used again; the upstream may clear away older ones. */
const LIFE_MS = 3_600_000

interface Entry {
  readonly placed: Promise<PlacedFile>
  readonly until: number
}

/** What has been put up where, by account and content; what was not asked for longest goes first. */
export class UploadCache {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A file at an account, which may still be on its way up; `start` puts it up if it is not there. */
  get(accountId: number, hash: string, start: () => Promise<PlacedFile>): Promise<PlacedFile> {
    const key = `${accountId} ${hash}`
    const known = this.#entries.get(key)
    this.#entries.delete(key) // it goes to the end
    const isFresh = known !== undefined && known.until > this.#clock()
    const entry = isFresh ? known : { placed: start(), until: this.#clock() + LIFE_MS }
    this.#entries.set(key, entry)
    if (!isFresh) this.#dropIfFailed(key, entry)
    dropOldest(this.#entries, MAX_ENTRIES)
    return entry.placed
  }

  forget(accountId: number, hash: string): void {
    this.#entries.delete(`${accountId} ${hash}`)
  }

  #dropIfFailed(key: string, entry: Entry): void {
    entry.placed.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
  }
}
