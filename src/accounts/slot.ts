import type { Account } from '../core/account.ts'
import { mergeAccount } from '../core/merge-account.ts'
import { servedModes, type ServedMode } from '../core/model.ts'

const modeIndexes = new Map(servedModes.map((mode, index) => [mode, index]))

/** The place of a mode in per-mode arrays. */
export function modeIndex(mode: ServedMode): number {
  const index = modeIndexes.get(mode)
  if (index === undefined) throw new Error(`unknown mode ${mode}`)
  return index
}

/** One account in the directory, with what only this process knows about it. */
export interface Slot {
  account: Account
  /** The row that `account` comes from, as the store had it last. */
  base: Account
  /** What a write that is under way has sent; null while there is none. */
  sent: Account | null
  /** A row that came meanwhile: whether it holds what was sent is known only after the write. */
  late: Account | null
  inFlight: number
  /** Where the slot stands in the ready set of each mode; -1 where it does not. */
  readonly positions: number[]
  /** Whether the slot is counted as usable in its pool. */
  usable: boolean
  /** The wake-up that is due for this slot (epoch ms); other entries of the queue are stale. */
  wakeAt: number
  /** Until when the account is passed over since its secrets cannot be opened here (epoch ms); 0: they were never in doubt. */
  asideUntil: number
  /** Whether the account has changes that the store does not have yet. */
  dirty: boolean
}

/** A slot that stands in no ready set yet. */
export function createSlot(account: Account): Slot {
  return {
    account,
    base: account,
    sent: null,
    late: null,
    inFlight: 0,
    positions: servedModes.map(() => -1),
    usable: false,
    wakeAt: Number.POSITIVE_INFINITY,
    asideUntil: 0,
    dirty: false,
  }
}

/** Puts a newer row under what changed here since `known`, which the row holds already. */
export function rebase(slot: Slot, row: Account, known: Account): void {
  const { sealedCredential, sealedProxyUrl } = slot.account
  slot.account = mergeAccount(row, { base: known, next: slot.account })
  slot.base = row
  const isResealed =
    slot.account.sealedCredential !== sealedCredential || slot.account.sealedProxyUrl !== sealedProxyUrl
  if (isResealed) slot.asideUntil = 0 // what could not be opened is not there any more
}

/** Whether a use has left all that decides about readiness: what changes is replaced, never altered in place. */
export function isPlacedAlike(before: Account, after: Account): boolean {
  const { state, quota, modeCooldowns } = before
  return state === after.state && quota === after.quota && modeCooldowns === after.modeCooldowns
}

/** Whether the account serves now or will again by itself. */
export function isUsable({ state }: Account): boolean {
  return state.status === 'active' || state.status === 'cooling'
}
