import type { Account } from '../core/account.ts'
import { modes, type Mode } from '../core/model.ts'

const modeIndexes = new Map(modes.map((mode, index) => [mode, index]))

/** The place of a mode in per-mode arrays. */
export function modeIndex(mode: Mode): number {
  const index = modeIndexes.get(mode)
  if (index === undefined) throw new Error(`unknown mode ${mode}`)
  return index
}

/** One account in the directory, with what only this process knows about it. */
export interface Slot {
  account: Account
  inFlight: number
  /** Where the slot stands in the ready set of each mode; -1 where it does not. */
  readonly positions: number[]
  /** Whether the slot is counted as usable in its pool. */
  usable: boolean
  /** The wake-up that is due for this slot (epoch ms); other entries of the queue are stale. */
  wakeAt: number
  /** Whether the account has changes that the store does not have yet. */
  dirty: boolean
}

/** A slot that stands in no ready set yet. */
export function createSlot(account: Account): Slot {
  const positions = modes.map(() => -1)
  return { account, inFlight: 0, positions, usable: false, wakeAt: Number.POSITIVE_INFINITY, dirty: false }
}
