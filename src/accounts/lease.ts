import type { Mode } from '../core/model.ts'
import type { AccountDirectory, Reservation, ReserveQuery } from './directory.ts'
import { describeError } from '../util/log.ts'
import type { Outcome } from './feedback.ts'

/** An account in use: who it is for the upstream, and how to give it back. */
export interface AccountLease extends AsyncDisposable {
  readonly accountId: number
  readonly mode: Mode
  /** The credential in the clear; only for the upstream's headers. */
  readonly credential: string
  /** The proxy of this account alone, if it has one. */
  readonly proxyUrl: string | null
  /** The upstream began to answer: the query counts as used from here on. */
  markServed(): void
  /** Says how the use ended; the first word counts. Without one, disposing means that it was abandoned. */
  report(outcome: Outcome, options?: { readonly mayPenalise: boolean }): void
}

/** Opens a sealed credential; the hash is the context that it was sealed with. */
export type OpenCredential = (sealed: string, credentialHash: string) => string

/** Counts requests in flight over all processes; absent where there is only one. */
export interface InFlightGate {
  /** Counts one more if the account has room; false if other processes fill it. */
  enter(accountId: number, cap: number): Promise<boolean>
  leave(accountId: number): Promise<void>
}

export interface LeaseParts {
  readonly directory: AccountDirectory
  readonly openCredential: OpenCredential
  readonly gate?: InFlightGate
}

/** Accounts that one lease passes over because their credential is unreadable or other processes fill them. */
const MAX_PASSED_OVER = 16

/** Leases an account for one attempt, or nothing when none can take the request now. */
export async function leaseAccount(
  parts: LeaseParts,
  query: ReserveQuery,
): Promise<AccountLease | undefined> {
  const exclude = new Set(query.exclude)
  for (let tries = 0; tries < MAX_PASSED_OVER; tries++) {
    const reservation = parts.directory.reserve({ ...query, exclude })
    if (!reservation) return undefined
    const lease = await openLease(parts, reservation)
    if (lease) return lease
    exclude.add(reservation.slot.account.id)
  }
  return undefined
}

async function openLease(parts: LeaseParts, reservation: Reservation): Promise<AccountLease | undefined> {
  const { directory, gate } = parts
  const { account } = reservation.slot
  const giveBack = (outcome: Outcome): void => {
    directory.settle(reservation, outcome, { served: false, mayPenalise: false })
  }
  const secrets = readSecrets(parts, reservation)
  if (secrets instanceof Error) {
    // another key, or damage: the account has to be entered anew; others may still serve
    const evidence = `the stored credential cannot be read: ${describeError(secrets)}`
    giveBack({ type: 'failure', code: 'credential_invalid', evidence })
    return undefined
  }
  try {
    const hasRoom = (await gate?.enter(account.id, reservation.cap)) ?? true
    if (hasRoom) return createLease(parts, reservation, secrets)
  } catch (error) {
    giveBack({ type: 'abandoned' })
    throw error
  }
  giveBack({ type: 'abandoned' })
  return undefined
}

type Secrets = Pick<AccountLease, 'credential' | 'proxyUrl'>

function readSecrets({ openCredential }: LeaseParts, { slot: { account } }: Reservation): Secrets | Error {
  const { sealedCredential, sealedProxyUrl, credentialHash } = account
  try {
    return {
      credential: openCredential(sealedCredential, credentialHash),
      proxyUrl: sealedProxyUrl === null ? null : openCredential(sealedProxyUrl, credentialHash),
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function createLease(
  { directory, gate }: LeaseParts,
  reservation: Reservation,
  secrets: Secrets,
): AccountLease {
  const accountId = reservation.slot.account.id
  let served = false
  let settled = false
  const settle = (outcome: Outcome, mayPenalise: boolean): void => {
    if (settled) return
    settled = true
    directory.settle(reservation, outcome, { served, mayPenalise })
  }
  let left = false
  return {
    accountId,
    mode: reservation.mode,
    ...secrets,
    markServed: () => {
      served = true
    },
    report: (outcome, options = { mayPenalise: true }) => settle(outcome, options.mayPenalise),
    [Symbol.asyncDispose]: async () => {
      settle({ type: 'abandoned' }, false)
      if (left) return
      left = true
      await gate?.leave(accountId)
    },
  }
}
