/** A small seeded generator (mulberry32) of numbers in [0, 1), so that the same seed gives the same bytes. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A 32-bit number that depends only on the text (FNV-1a), used as a seed. */
export function seedFrom(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** A source of lower-case UUIDs; a seed makes the sequence repeatable, spec/upstream-chat.md §12 "determinism". */
export class IdSource {
  #random: (() => number) | null = null

  /** Restarts the sequence from a seed, or returns to random ids. */
  seed(seed: number | null): void {
    this.#random = seed === null ? null : seededRandom(seed)
  }

  /** The next id. */
  next(): string {
    const random = this.#random
    if (random === null) return crypto.randomUUID()
    const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
