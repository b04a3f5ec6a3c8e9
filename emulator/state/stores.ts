import type { Generation } from './generations.ts'

const MAX_ENTRIES = 10_000

/** A file that an account uploaded, spec/upstream-chat.md §10.1. */
export interface StoredFile {
  readonly fileId: string
  readonly userId: string
  readonly fileName: string
  readonly contentType: string
  readonly path: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly createdAt: string
}

/** Bytes as a file host serves them. */
export interface ServedFile {
  /** The account that may fetch it; a public file has none. */
  readonly userId: string | null
  readonly contentType: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly createdAt: string
}

/** A media post, spec/upstream-media.md §7. */
export interface StoredPost {
  readonly postId: string
  readonly userId: string
  readonly mediaType: 'MEDIA_POST_TYPE_IMAGE' | 'MEDIA_POST_TYPE_VIDEO'
  readonly prompt: string
  /** A path on the asset host, or what the client wrote. */
  readonly mediaUrl: string
  readonly createdAt: string
  /** The post that it was made from. */
  readonly parentPostId: string | null
  /** What made it; null for a post that a client created. */
  readonly generation: Generation | null
}

/** A conversation that may be continued, spec/upstream-chat.md §3.1.4 and §3.2.6. */
export interface StoredConversation {
  readonly conversationId: string
  readonly userId: string
  readonly createdAt: string
  /** The parent that the next turn on the gateway must name; unknown after a turn of the older protocol. */
  readonly lastResponseId?: string
}

/** A map that forgets its oldest entry when it is full, so that a long run cannot eat all memory. */
export class BoundedStore<Value> {
  readonly #values = new Map<string, Value>()
  readonly #maxEntries: number

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  /** Adds or replaces an entry. */
  put(id: string, value: Value): void {
    this.#values.set(id, value)
    if (this.#values.size <= this.#maxEntries) return
    const oldest = this.#values.keys().next()
    if (oldest.done !== true) this.#values.delete(oldest.value)
  }

  /** The entry with this id. */
  find(id: string): Value | undefined {
    return this.#values.get(id)
  }

  /** All entries, oldest first. */
  list(): readonly Value[] {
    return [...this.#values.values()]
  }

  /** Removes an entry; false when there was none. */
  remove(id: string): boolean {
    return this.#values.delete(id)
  }

  /** Removes everything. */
  clear(): void {
    this.#values.clear()
  }
}
