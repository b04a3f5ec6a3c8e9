import {
  noteTransition,
  type Account,
  type AccountState,
  type NewAccount,
  type StateCause,
} from '../../core/account.ts'

/** How long a deleted account can be brought back. */
export const UNDO_DAYS = 7

/** {@link UNDO_DAYS} in milliseconds. */
export const UNDO_MS = UNDO_DAYS * 24 * 60 * 60 * 1000

/** A cause of what an operator did. */
export function operatorCause(evidence: string, now: number): StateCause {
  return { code: 'operator', evidence, at: now }
}

/** The account out of use until somebody enables it; what is disabled already stays as it is. */
export function disable(account: Account, now: number): Account {
  if (account.state.status === 'disabled') return account
  return { ...account, state: { status: 'disabled', cause: operatorCause('disabled by an operator', now) } }
}

/** The account as if nothing had ever happened to it; what is well already stays as it is. */
export function enable(account: Account, now: number): Account {
  const { state, streak, coolings, modeCooldowns, health } = account
  const isClear = streak === null && coolings === 0 && Object.keys(modeCooldowns).length === 0
  if (state.status === 'active' && isClear && health >= 1) return account
  return {
    ...account,
    state: { status: 'active' },
    streak: null,
    coolings: 0,
    modeCooldowns: {},
    health: 1,
    healthAt: now,
  }
}

/** The account without its pauses; it stays disabled, suspended or without a login if it is. */
export function clearCooldown(account: Account): Account {
  const { state, streak, coolings, modeCooldowns } = account
  const isCooling = state.status === 'cooling'
  if (!isCooling && streak === null && coolings === 0 && Object.keys(modeCooldowns).length === 0)
    return account
  return {
    ...account,
    state: isCooling ? { status: 'active' } : state,
    streak: null,
    coolings: 0,
    modeCooldowns: {},
  }
}

/** The account marked as deleted; it can be brought back for {@link UNDO_DAYS} days. */
export function softDelete(account: Account, now: number): Account {
  return { ...account, state: { status: 'deleted', cause: operatorCause('deleted by an operator', now) } }
}

/** Whether a deleted row may still be brought back. */
export function mayRestore({ state }: Account, now: number): boolean {
  return state.status === 'deleted' && state.cause.at > now - UNDO_MS
}

/** What a store needs to bring a deleted row back as it was; a pause that it had is over. */
export function restoredAccount(row: Account, now: number): NewAccount {
  return noteTransition(
    row,
    { ...row, state: formerState(row, now) },
    operatorCause('restored by an operator', now),
  )
}

/** The state before the deletion, with its cause as far as the history goes back. */
function formerState({ history }: Account, now: number): AccountState {
  const deletion = history.findLastIndex(({ to }) => to === 'deleted')
  const status = history[deletion]?.from ?? 'active'
  if (status === 'active' || status === 'cooling' || status === 'deleted') return { status: 'active' }
  const entry = history.slice(0, deletion).findLast(({ to }) => to === status)
  return { status, cause: entry?.cause ?? operatorCause('was so before it was deleted', now) }
}
