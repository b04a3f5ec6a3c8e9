import type { Account, NewAccount } from '../core/account.ts'

/** Where a reader of changes stands: the last row it has seen, by revision and then id. */
export interface SyncCursor {
  readonly revision: number
  readonly id: number
}

/** Rows after a cursor, oldest first, and where the next read starts. An empty page means: nothing new. */
export interface ChangePage {
  readonly accounts: readonly Account[]
  readonly cursor: SyncCursor
}

/** What became of one account that was to be added. */
export interface AddedAccount {
  readonly id: number
  /** `existing` rows are left as they are; `revived` ones were deleted before and start afresh. */
  readonly outcome: 'added' | 'existing' | 'revived'
}

/** The start of every sync: before the first row. */
export const FIRST_CURSOR: SyncCursor = { revision: 0, id: 0 }

/**
 * Where accounts are kept. Every writing call takes the next revision and stamps the rows it touches with it, so a
 * reader that pages with {@link SyncCursor} sees every row and never skips one.
 */
export interface AccountStore {
  /** Adds accounts by their credential hash, in one transaction; answers in the order of the input. */
  add(accounts: readonly NewAccount[], now: number): Promise<readonly AddedAccount[]>
  /**
   * Writes whole rows, in one transaction; ids that are not stored, or deleted, are passed over: only
   * `add` brings an account back, not the late write of somebody who still had it in use. Returns the new revision.
   */
  save(accounts: readonly Account[], now: number): Promise<number>
  /** At most `limit` rows after the cursor, deleted ones included. */
  changesSince(cursor: SyncCursor, limit: number): Promise<ChangePage>
  /** The rows that are not deleted. */
  count(): Promise<number>
  /** Resolves if the store answers; throws what keeps it from answering. */
  ping(): Promise<void>
  close(): Promise<void>
}
