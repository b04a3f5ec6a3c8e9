import { emptyProfile, freshCondition, untouched, type Account, type NewAccount } from '../core/account.ts'

/** What the store decides about a row. */
export interface RowPlace {
  readonly id: number
  readonly now: number
  readonly revision: number
}

/** The row of an account that is added now; shared by the stores, so that all start an account alike. */
export function newRow(account: NewAccount, { id, now, revision }: RowPlace): Account {
  return {
    ...emptyProfile,
    ...freshCondition(account.quota, now),
    ...untouched,
    createdAt: now,
    ...account,
    id,
    updatedAt: now,
    revision,
  }
}
