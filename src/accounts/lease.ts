import type { Mode } from '../core/model.ts'
import type { AccountDirectory, Reservation, ReserveQuery } from './directory.ts'
import type { Outcome } from './feedback.ts'

/** An account in use: who it is for the upstream, and how to give it back. */
export interface AccountLease extends AsyncDisposable {
  readonly accountId: number
  readonly mode: Mode
  /** The credential in the clear; only for the upstream's headers. */
  readonly credential: string
  /** The upstream began to answer: the query counts as used from here on. */
  markServed(): void
  /** Says how the use ended; the first word counts. Without one, disposing means that it was abandoned. */
  report(outcome: Outcome, options?: { readonly mayPenalise: boolean }): void
}

/** Opens a sealed credential; the hash is the context that it was sealed with. */
export type OpenCredential = (sealed: string, credentialHash: string) => string

/** Leases an account for one attempt, or nothing when none can take the request now. */
export function leaseAccount(
  directory: AccountDirectory,
  query: ReserveQuery,
  openCredential: OpenCredential,
): AccountLease | undefined {
  const reservation = directory.reserve(query)
  if (!reservation) return undefined
  return createLease(directory, reservation, openCredential)
}

function createLease(
  directory: AccountDirectory,
  reservation: Reservation,
  openCredential: OpenCredential,
): AccountLease {
  const { account } = reservation.slot
  let served = false
  let settled = false
  const settle = (outcome: Outcome, mayPenalise: boolean): void => {
    if (settled) return
    settled = true
    directory.settle(reservation, outcome, { served, mayPenalise })
  }
  try {
    const credential = openCredential(account.sealedCredential, account.credentialHash)
    return {
      accountId: account.id,
      mode: reservation.mode,
      credential,
      markServed: () => {
        served = true
      },
      report: (outcome, options = { mayPenalise: true }) => settle(outcome, options.mayPenalise),
      [Symbol.asyncDispose]: async () => settle({ type: 'abandoned' }, false),
    }
  } catch (error) {
    settle({ type: 'abandoned' }, false)
    throw error
  }
}
