import type { Slot } from './slot.ts'

/** The slots of one pool that may take a request in one mode now: add, remove and read by position in constant time. */
export class ReadySet {
  readonly #modeIndex: number
  readonly #slots: Slot[] = []

  constructor(modeIndex: number) {
    this.#modeIndex = modeIndex
  }

  get size(): number {
    return this.#slots.length
  }

  /** The slot at a position below {@link size}. */
  at(position: number): Slot {
    const slot = this.#slots[position]
    if (!slot) throw new RangeError(`no slot at ${position} of ${this.#slots.length}`)
    return slot
  }

  add(slot: Slot): void {
    if (slot.positions[this.#modeIndex] !== -1) return
    slot.positions[this.#modeIndex] = this.#slots.length
    this.#slots.push(slot)
  }

  remove(slot: Slot): void {
    const position = slot.positions[this.#modeIndex] ?? -1
    if (position === -1) return
    slot.positions[this.#modeIndex] = -1
    const last = this.#slots.pop()
    if (!last || last === slot) return
    this.#slots[position] = last
    last.positions[this.#modeIndex] = position
  }
}
