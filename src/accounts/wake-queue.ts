import type { Slot } from './slot.ts'

interface Entry {
  readonly at: number
  readonly slot: Slot
}

/** Stale entries beyond this number, or beyond as many as hold, are cleared out. */
const MAX_STALE_ENTRIES = 1024

/** Slots that become available by waiting, earliest first (a binary heap). */
export class WakeQueue {
  #heap: Entry[] = []
  /** How many slots have a plan; the other entries of the heap are stale. */
  #planned = 0

  /** Plans the slot's next wake-up; an earlier plan of the slot becomes stale. */
  plan(slot: Slot, at: number): void {
    if (slot.wakeAt === at) return
    if (slot.wakeAt !== Number.POSITIVE_INFINITY) this.#planned--
    slot.wakeAt = at
    if (at === Number.POSITIVE_INFINITY) return
    this.#planned++
    this.#heap.push({ at, slot })
    this.#rise(this.#heap.length - 1)
    if (this.#heap.length > Math.max(MAX_STALE_ENTRIES, this.#planned) + this.#planned) this.#compact()
  }

  /** Takes out one slot whose time has come. */
  takeDue(now: number): Slot | undefined {
    this.#dropStale()
    const first = this.#heap[0]
    if (!first || first.at > now) return undefined
    this.#pop()
    this.#planned--
    first.slot.wakeAt = Number.POSITIVE_INFINITY
    return first.slot
  }

  #compact(): void {
    // one entry per slot: a slot that is planned for the same time again has several that hold
    const entries = new Map<Slot, Entry>()
    for (const entry of this.#heap) if (entry.slot.wakeAt === entry.at) entries.set(entry.slot, entry)
    // an array in ascending order is a valid heap
    this.#heap = [...entries.values()].sort((a, b) => a.at - b.at)
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first && first.slot.wakeAt !== first.at; first = this.#heap[0])
      this.#pop()
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#atOf(parent) <= this.#atOf(index)) return
      this.#swap(parent, index)
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      let least = index
      if (this.#atOf(left) < this.#atOf(least)) least = left
      if (this.#atOf(right) < this.#atOf(least)) least = right
      if (least === index) return
      this.#swap(least, index)
      index = least
    }
  }

  #atOf(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const entryA = this.#heap[a]
    const entryB = this.#heap[b]
    if (!entryA || !entryB) return
    this.#heap[a] = entryB
    this.#heap[b] = entryA
  }
}
