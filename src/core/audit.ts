import type { Json } from './job.ts'

/** One thing that an operator did. Never changed, never deleted but by age. */
export interface AuditEntry {
  /** Ascending; given by the store. */
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  /** Who: a session's id (shortened), or `bearer`. */
  readonly actor: string
  /** From where: the client's address. */
  readonly address: string
  /** What, e.g. `accounts.disable`. */
  readonly action: string
  /** The request it came with, as in the log. */
  readonly requestId: string
  /** To what, and how; secrets are masked. */
  readonly detail: Json
  /** The HTTP status that was answered. */
  readonly status: number
}

export type NewAuditEntry = Omit<AuditEntry, 'id'>
