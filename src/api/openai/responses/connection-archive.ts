import type { KeptResponse, ResponseArchive } from '../../../gateway/response-archive.ts'

/** Answers that a connection holds beside those that are stored; the oldest goes first. */
const MAX_HELD = 64

/** The kept answers as one connection sees them: the stored ones, and its own that were not to be stored. */
export class ConnectionArchive implements ResponseArchive {
  readonly #stored: ResponseArchive
  readonly #held = new Map<string, KeptResponse>()

  constructor(stored: ResponseArchive) {
    this.#stored = stored
  }

  /** Where answers go that are not to be stored. */
  readonly unstored: Pick<ResponseArchive, 'keep'> = {
    keep: async (response) => {
      this.#held.set(response.id, response)
      const [oldest] = this.#held.keys()
      if (this.#held.size > MAX_HELD && oldest !== undefined) this.#held.delete(oldest)
    },
  }

  keep(response: KeptResponse): Promise<void> {
    return this.#stored.keep(response)
  }

  async find(id: string, owner: string): Promise<KeptResponse | undefined> {
    return this.#held.get(id) ?? this.#stored.find(id, owner)
  }

  remove(id: string, owner: string): Promise<boolean> {
    return this.#stored.remove(id, owner)
  }

  /** Lets go of an answer from which going on has failed, as officially: the client starts anew. */
  evict(id: string): void {
    this.#held.delete(id)
  }
}
