import type { Account } from '../core/account.ts'
import { GatewayError } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import { describeError, type Log } from '../util/log.ts'
import type { AccountDirectory, Reservation } from './directory.ts'
import type { Outcome } from './feedback.ts'
import type { ReserveQuery } from './reserve-query.ts'

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
  readonly log: Log
}

/** Accounts that one lease passes over because other processes fill them. */
const MAX_FULL = 16
/** And because their secrets cannot be opened: each is met once in a while only, so that the next lease gets further. */
const MAX_UNREADABLE = 256
/** Accounts without readable secrets that a process names in its log; the doctor names them, too. */
const MAX_NAMED = 10

/**
 * Leases an account for one attempt, or nothing when none can take the request now. Throws `unavailable` if account after
 * account has secrets that cannot be opened.
 */
export async function leaseAccount(
  parts: LeaseParts,
  query: ReserveQuery,
): Promise<AccountLease | undefined> {
  const exclude = new Set(query.exclude)
  let unreadable = 0
  let full = 0
  while (full < MAX_FULL) {
    const reservation = parts.directory.reserve({ ...query, exclude })
    if (!reservation) return undefined
    const secrets = readSecrets(parts.openCredential, reservation.slot.account)
    if (secrets instanceof Error) {
      setAside(parts, reservation, secrets)
      if (++unreadable === MAX_UNREADABLE) throw unreadableFault()
      continue
    }
    const lease = await openLease(parts, reservation, secrets)
    if (lease) return lease
    exclude.add(reservation.slot.account.id)
    full++
  }
  return undefined
}

/** No account can be used for a fault of this gateway: another key, or damage. */
export function unreadableFault(): GatewayError {
  const cause = 'the stored credentials cannot be opened: see the warnings, or run the doctor'
  return new GatewayError('unavailable', 'The gateway cannot read the logins of its accounts.', { cause })
}

/** It is no fault of the account: others may serve, and its state stays, for the key may be brought back. */
function setAside({ directory, log }: LeaseParts, reservation: Reservation, fault: Error): void {
  const count = directory.setAside(reservation)
  if (count === 0 || count > MAX_NAMED) return
  const fields = { account: reservation.slot.account.id, error: describeError(fault) }
  log.warn('the stored credential of an account cannot be opened', fields)
}

async function openLease(
  parts: LeaseParts,
  reservation: Reservation,
  secrets: Secrets,
): Promise<AccountLease | undefined> {
  const { directory, gate } = parts
  const giveBack = (): void => {
    directory.settle(reservation, { type: 'abandoned' }, { served: false, mayPenalise: false })
  }
  try {
    const hasRoom = (await gate?.enter(reservation.slot.account.id, reservation.cap)) ?? true
    if (hasRoom) return createLease(parts, reservation, secrets)
  } catch (error) {
    giveBack()
    throw error
  }
  giveBack()
  return undefined
}

type Secrets = Pick<AccountLease, 'credential' | 'proxyUrl'>

/** What a lease tells of its account in the clear; or why it cannot be opened. */
export function readSecrets(openCredential: OpenCredential, account: Account): Secrets | Error {
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
