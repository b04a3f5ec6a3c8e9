import type { ErrorCode } from './error.ts'
import type { Mode, Tier } from './model.ts'
import type { Quota } from './quota.ts'
import type { Reason } from './reason.ts'

/** Why an account is in its state: a code, the evidence in a sentence, and when it was seen (epoch ms). */
export interface StateCause {
  readonly code: ErrorCode | 'operator' | 'recovered'
  /** The true reason of a failure; causes that were stored by earlier versions have none. */
  readonly reason?: Reason | undefined
  readonly evidence: string
  readonly at: number
}

/** The life-cycle of an account (spec/control-plane.md §13.2 item 6). `until` is in epoch milliseconds. */
export type AccountState =
  | { readonly status: 'active' }
  | { readonly status: 'cooling'; readonly until: number; readonly cause: StateCause }
  | { readonly status: 'needs-login'; readonly cause: StateCause }
  | { readonly status: 'suspended'; readonly cause: StateCause }
  | { readonly status: 'disabled'; readonly cause: StateCause }
  | { readonly status: 'deleted'; readonly cause: StateCause }

/** A mode that takes no requests until a time, although the account is well. */
export interface ModeCooldown {
  readonly until: number
  readonly cause: StateCause
}

/** Failures in a row that may or may not be the account's fault. */
export interface FailureStreak {
  readonly count: number
  readonly startedAt: number
}

/** Everything about an account that feedback changes. */
export interface AccountCondition {
  readonly state: AccountState
  /** 0 (failing) to 1 (well), as of `healthAt`; it recovers with time. */
  readonly health: number
  readonly healthAt: number
  readonly streak: FailureStreak | null
  /** How often in a row the account was put to cool; doubles the next pause. */
  readonly coolings: number
  readonly modeCooldowns: Readonly<Partial<Record<Mode, ModeCooldown>>>
  readonly quota: Quota
}

/** A change of state, kept with the account so that an operator sees what happened. */
export interface StateTransition {
  readonly from: AccountState['status']
  readonly to: AccountState['status']
  readonly cause: StateCause
}

/** Transitions that are kept per account, newest last. */
export const MAX_HISTORY = 20

/** What an operator says about an account. */
export interface AccountProfile {
  readonly label: string
  readonly notes: string
  readonly groups: readonly string[]
  readonly tags: readonly string[]
  /** Accounts of a higher priority are chosen first; 0 is normal. */
  readonly priority: number
  /** Requests at once, instead of the setting; null: as the setting says. */
  readonly maxInFlight: number | null
  /** The tier that holds whatever the upstream's figures suggest; null: as detected. */
  readonly pinnedTier: Tier | null
  /** A proxy for this account alone, encrypted, since it may hold a password; null: as the settings say. */
  readonly sealedProxyUrl: string | null
}

/** What the upstream says about an account, and how far it was believed yet. */
export interface AccountFindings {
  readonly email: string | null
  readonly upstreamUserId: string | null
  /** A lower tier that was seen, and how often in a row: one odd answer changes nothing. */
  readonly tierDoubt: { readonly tier: Tier; readonly count: number } | null
  /** When the upstream last gave real figures (epoch ms). */
  readonly syncedAt: number | null
}

/** One upstream account as it is stored. */
export interface Account extends AccountCondition, AccountProfile, AccountFindings {
  readonly id: number
  /** SHA-256 of the normalised credential, hex; unique. */
  readonly credentialHash: string
  /** The credential, encrypted (`util/secret-box`). */
  readonly sealedCredential: string
  readonly tier: Tier
  /** The last changes of state, oldest first. */
  readonly history: readonly StateTransition[]
  readonly successCount: number
  readonly failureCount: number
  readonly lastUsedAt: number | null
  readonly lastFailure: StateCause | null
  readonly createdAt: number
  readonly updatedAt: number
  /** The store's counter at the last write of this row. */
  readonly revision: number
}

/** What a store needs to add an account, and whatever is known of it already; the rest starts afresh. */
export type NewAccount = Pick<Account, 'credentialHash' | 'sealedCredential' | 'tier' | 'quota'> &
  Partial<Omit<Account, 'id' | 'revision' | 'updatedAt'>>

/** A profile that says nothing. */
export const emptyProfile: AccountProfile = {
  label: '',
  notes: '',
  groups: [],
  tags: [],
  priority: 0,
  maxInFlight: null,
  pinnedTier: null,
  sealedProxyUrl: null,
}

/** What is known and counted of an account before anybody has asked about it or used it. */
export const untouched = {
  email: null,
  upstreamUserId: null,
  tierDoubt: null,
  syncedAt: null,
  history: [],
  successCount: 0,
  failureCount: 0,
  lastUsedAt: null,
  lastFailure: null,
} as const satisfies Partial<Account>

/**
 * The changed account with the change of its state, if there is one, at the end of its history. States carry their cause,
 * all but `active`: `cause` says how an account came back, if not by a request that succeeded.
 */
export function noteTransition(before: Account, after: Account, cause?: StateCause): Account {
  const from = before.state.status
  const to = after.state.status
  if (from === to) return after
  const recovered: StateCause = { code: 'recovered', evidence: 'a request succeeded', at: after.healthAt }
  const reason = after.state.status === 'active' ? (cause ?? recovered) : after.state.cause
  return { ...after, history: [...after.history, { from, to, cause: reason }].slice(-MAX_HISTORY) }
}

/** The condition of an account that nothing has happened to yet. */
export function freshCondition(quota: Quota, now: number): AccountCondition {
  return {
    state: { status: 'active' },
    health: 1,
    healthAt: now,
    streak: null,
    coolings: 0,
    modeCooldowns: {},
    quota,
  }
}
