import { ReadySet } from './ready-set.ts'
import type { Slot } from './slot.ts'

interface Layer {
  readonly priority: number
  readonly set: ReadySet
}

/** The slots of one pool that may take a request in one mode now, in layers by priority, the highest first. */
export class ReadyPool {
  readonly #modeIndex: number
  #layers: readonly Layer[] = []

  constructor(modeIndex: number) {
    this.#modeIndex = modeIndex
  }

  /** The layers that hold slots, the highest priority first. */
  *layers(): Iterable<ReadySet> {
    for (const { set } of this.#layers) if (set.size > 0) yield set
  }

  add(slot: Slot): void {
    this.#layer(slot.account.priority).add(slot)
  }

  /** Takes the slot out; its account must have the priority that it was added with. */
  remove(slot: Slot): void {
    this.#layers.find(({ priority }) => priority === slot.account.priority)?.set.remove(slot)
  }

  #layer(priority: number): ReadySet {
    const known = this.#layers.find((layer) => layer.priority === priority)
    if (known) return known.set
    const set = new ReadySet(this.#modeIndex)
    this.#layers = [...this.#layers, { priority, set }].sort((a, b) => b.priority - a.priority)
    return set
  }
}
