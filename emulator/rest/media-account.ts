import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { serviceError } from './http-errors.ts'

/** The refusal of an account whose tier has no media (spec/upstream-media.md §3), or null. */
export function refuseTier(state: EmulatorState, account: Account): Response | null {
  if (account.tier !== 'basic' || state.behaviour.mediaTier === 'basic') return null
  return serviceError(403, 7, 'This feature requires a SuperGrok subscription')
}
