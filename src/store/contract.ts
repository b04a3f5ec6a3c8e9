import type { Account, NewAccount } from '../core/account.ts'
import type { AuditEntry, NewAuditEntry } from '../core/audit.ts'
import type { Job, JobItem, JobItemResult, JobStatus, Json, NewJob } from '../core/job.ts'
import type { AccountChange } from '../core/merge-account.ts'
import type { SettingsPersistence } from '../core/settings-document.ts'

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

/** A credential that is to replace another one is that of a different account already. */
export class CredentialTakenError extends Error {
  override readonly name = 'CredentialTakenError'
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
   * Merges changes into the rows (`core/merge-account`), in one transaction, and returns the rows as they are then. Ids
   * that are not stored, or deleted, are passed over: only `add` brings an account back, not the late write of somebody
   * who still had it in use. Throws {@link CredentialTakenError} if a new credential belongs to another row.
   */
  save(changes: readonly AccountChange[], now: number): Promise<readonly Account[]>
  /** The rows of these ids that are stored, deleted ones included. */
  find(ids: readonly number[]): Promise<readonly Account[]>
  /** Removes for good what was deleted before this time; returns how many. */
  purge(deletedBefore: number): Promise<number>
  /** At most `limit` rows after the cursor, deleted ones included. */
  changesSince(cursor: SyncCursor, limit: number): Promise<ChangePage>
  /** The rows that are not deleted. */
  count(): Promise<number>
  /** Resolves if the store answers; throws what keeps it from answering. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A saved version of the settings, kept so that it can be looked at and brought back. */
export interface SettingsRevision {
  /** Ascending; given by the store. */
  readonly id: number
  readonly at: number
  readonly actor: string
  /** The whole stored document as it was after the save. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Earlier versions of the settings. */
export interface SettingsHistory {
  append(revision: Omit<SettingsRevision, 'id'>): Promise<SettingsRevision>
  /** Newest first. */
  list(options: { readonly limit: number; readonly beforeId?: number }): Promise<readonly SettingsRevision[]>
  find(id: number): Promise<SettingsRevision | undefined>
}

export interface JobFilter {
  readonly kinds?: readonly string[]
  readonly statuses?: readonly JobStatus[]
  readonly owner?: string
  readonly limit: number
  /** Only jobs created before this one; for paging, newest first. */
  readonly beforeId?: string
}

/** Who runs a job, and until when that holds. */
export interface JobLease {
  readonly holder: string
  /** Epoch milliseconds. */
  readonly until: number
}

/**
 * Durable jobs. A job is claimed under a lease; a holder that does not beat loses it to the next claim, and its later
 * writes are refused (they answer false), so that two processes never both carry a job on.
 */
export interface JobStore {
  create(job: NewJob, now: number): Promise<Job>
  find(id: string): Promise<Job | undefined>
  list(filter: JobFilter): Promise<readonly Job[]>
  /** Takes the oldest job of these kinds that waits, or whose lease has run out. */
  claim(kinds: readonly string[], lease: JobLease, now: number): Promise<Job | undefined>
  /** Prolongs the lease and tells how the job stands now; undefined if it is no longer the holder's. */
  beat(id: string, lease: JobLease, now: number): Promise<Job | undefined>
  /** Items from an index on, in order; with a status, only those. */
  items(id: string, options: JobItemsOptions): Promise<readonly JobItem[]>
  /** Writes results and counts them, each item once; false if the job is no longer the holder's. */
  record(id: string, holder: string, results: readonly JobItemResult[], now: number): Promise<boolean>
  /** Ends a job; false if it is no longer the holder's. */
  end(id: string, holder: string, outcome: JobOutcome, now: number): Promise<boolean>
  /** Asks for the end: a waiting job ends at once, a running one at its next beat. */
  cancel(id: string, now: number): Promise<Job | undefined>
  /** Removes ended jobs: those that ended before a time, or one; returns how many. */
  prune(which: PrunedJobs): Promise<number>
}

export type PrunedJobs = { readonly endedBefore: number } | { readonly id: string }

export interface JobItemsOptions {
  readonly fromIndex: number
  readonly limit: number
  readonly status?: JobItem['status']
}

export interface JobOutcome {
  readonly status: 'completed' | 'failed' | 'cancelled'
  readonly output: Json
}

/** The operators' actions; only ever appended to. */
export interface AuditStore {
  append(entry: NewAuditEntry): Promise<AuditEntry>
  /** Newest first. */
  list(options: AuditFilter): Promise<readonly AuditEntry[]>
  /** Removes entries older than this time; returns how many. */
  prune(before: number): Promise<number>
}

export interface AuditFilter {
  readonly limit: number
  readonly beforeId?: number
  /** Exactly this action, or with a final `*` everything that starts so. */
  readonly action?: string
}

/**
 * Named leases, of which one process holds each at a time: leadership. The token grows with every change of holder, so
 * that what an earlier holder still writes can be told and refused (fencing).
 */
export interface LeaseStore {
  /** Takes or prolongs the lease; undefined while somebody else holds it. */
  acquire(name: string, lease: JobLease, now: number): Promise<{ readonly token: number } | undefined>
  /** Gives it back; does nothing if it is somebody else's by now. */
  release(name: string, holder: string): Promise<void>
}

/** Requests in flight per account, over all processes. What a dead process held counts no longer after its time. */
export interface InFlightStore {
  /** Counts one more if the account has room under `cap`; false if it is full. */
  enter(accountId: number, cap: number, holder: JobLease, now: number): Promise<boolean>
  leave(accountId: number, holder: string): Promise<void>
  /** Prolongs what a process holds; without it its counts lapse at `until`. */
  beat(holder: JobLease, now: number): Promise<void>
}

/** An answer that a client may ask for again, or go on from. */
export interface StoredResponse {
  readonly id: string
  /** Whose it is: a hash of the key that made it. */
  readonly owner: string
  readonly createdAt: number
  /** Epoch milliseconds; from then on it is gone. */
  readonly expiresAt: number
  /** The answer that it goes on from. */
  readonly previousId: string | null
  /** The account that gave it; the next turn is asked there if possible. */
  readonly accountId: number | null
  /** What was said, in the words of the dialect that keeps it. */
  readonly document: Json
}

/** Answers that are kept for a time (`store: true` of the Responses API). */
export interface ResponseStore {
  /** Adds it, or replaces the one of this id. */
  save(response: StoredResponse): Promise<void>
  /** Undefined if there is none, or its time is over. */
  find(id: string, now: number): Promise<StoredResponse | undefined>
  /** False if there was none. */
  remove(id: string): Promise<boolean>
  /** Removes those whose time was over by then; returns how many. */
  prune(now: number): Promise<number>
}

/** Everything that is kept, on one back end. */
export interface Stores {
  readonly accounts: AccountStore
  readonly settings: SettingsPersistence
  readonly settingsHistory: SettingsHistory
  readonly jobs: JobStore
  readonly audit: AuditStore
  readonly leases: LeaseStore
  readonly responses: ResponseStore
  /** Absent where one process has the store to itself: then it counts in memory. */
  readonly inFlight?: InFlightStore
  /** Calls back when another process may have changed accounts or settings; a hint, polling goes on. Returns how to stop. */
  watch(onChange: () => void): Promise<() => Promise<void>>
  ping(): Promise<void>
  close(): Promise<void>
}
