import type { ErrorCode } from './error.ts'
import type { Mode, Tier } from './model.ts'
import type { Quota } from './quota.ts'

/** Why an account is in its state: a code, the evidence in a sentence, and when it was seen (epoch ms). */
export interface StateCause {
  readonly code: ErrorCode | 'operator'
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

/** One upstream account as it is stored. */
export interface Account extends AccountCondition {
  readonly id: number
  /** SHA-256 of the normalised credential, hex; unique. */
  readonly credentialHash: string
  /** The credential, encrypted (`util/secret-box`). */
  readonly sealedCredential: string
  readonly tier: Tier
  readonly tags: readonly string[]
  readonly successCount: number
  readonly failureCount: number
  readonly lastUsedAt: number | null
  readonly lastFailure: StateCause | null
  readonly createdAt: number
  readonly updatedAt: number
  /** The store's counter at the last write of this row. */
  readonly revision: number
}

/** What a store needs to add an account; it gives the id, the revision and the times. */
export type NewAccount = Pick<Account, 'credentialHash' | 'sealedCredential' | 'tier' | 'tags' | 'quota'>

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
