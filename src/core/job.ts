/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A job's life: it waits, runs under a lease, and ends in one of three ways. */
export const jobStatuses = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const
export type JobStatus = (typeof jobStatuses)[number]

/** What may have become of one item of a job. */
export const jobItemStatuses = ['pending', 'succeeded', 'failed'] as const

/** Work that outlives the request that asked for it: an admin task over many accounts, later a video. */
export interface Job {
  /** Unguessable. */
  readonly id: string
  /** What to do, e.g. `accounts.refresh`. */
  readonly kind: string
  /** Whose job it is: an admin session's name, or the hash of an API key. */
  readonly owner: string
  readonly status: JobStatus
  /** What the work needs to know; holds no secret in the clear. */
  readonly input: Json
  /** What came of it as a whole, once it has ended. */
  readonly output: Json
  readonly counts: JobCounts
  /** Somebody wants it to end; who runs it sees this at its next heartbeat. */
  readonly cancelRequested: boolean
  /** Who runs it, and until when that holds without a heartbeat (epoch ms). */
  readonly lease: { readonly holder: string; readonly until: number } | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly endedAt: number | null
}

export interface JobCounts {
  readonly total: number
  readonly succeeded: number
  readonly failed: number
}

/** One of the things that a job does, e.g. one account of many. */
export interface JobItem {
  /** 0 to `total` - 1. */
  readonly index: number
  /** What it is about: an id, or a masked name. Holds no secret in the clear. */
  readonly subject: Json
  readonly status: (typeof jobItemStatuses)[number]
  /** The result, or why it failed. */
  readonly detail: Json
}

/** What is needed to create a job; its items start as pending. */
export interface NewJob extends Pick<Job, 'id' | 'kind' | 'owner' | 'input'> {
  readonly subjects: readonly Json[]
}

/** What became of one item. */
export interface JobItemResult {
  readonly index: number
  readonly succeeded: boolean
  readonly detail: Json
}
