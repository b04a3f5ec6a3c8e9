import type { Job, JobItem, JobItemResult, NewJob } from '../../core/job.ts'
import type { JobFilter, JobLease, JobStore, PrunedJobs } from '../contract.ts'

interface Entry {
  readonly job: Job
  readonly items: readonly JobItem[]
}

/** Jobs that live in this process only. */
export function createMemoryJobStore(): JobStore {
  const table = new Table()
  return {
    create: async (job, now) => table.create(job, now),
    find: async (id) => table.find(id)?.job,
    list: async (filter) => table.list(filter),
    claim: async (kinds, lease, now) => table.claim(kinds, lease, now),
    beat: async (id, lease, now) => table.changeHeld(id, lease.holder, { lease, updatedAt: now }),
    items: async (id, { fromIndex, limit, status }) =>
      (table.find(id)?.items ?? [])
        .filter((item) => item.index >= fromIndex && (status === undefined || item.status === status))
        .slice(0, limit),
    record: async (id, holder, results, now) => table.record({ id, holder, results, now }),
    end: async (id, holder, outcome, now) =>
      table.changeHeld(id, holder, { ...outcome, lease: null, updatedAt: now, endedAt: now }) !== undefined,
    cancel: async (id, now) => table.cancel(id, now),
    prune: async (which) => table.prune(which),
  }
}

interface Recording {
  readonly id: string
  readonly holder: string
  readonly results: readonly JobItemResult[]
  readonly now: number
}

class Table {
  /** By id, in the order of creation. */
  readonly #entries = new Map<string, Entry>()

  find(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  create({ subjects, ...rest }: NewJob, now: number): Job {
    if (this.#entries.has(rest.id)) throw new Error(`there is a job ${rest.id} already`)
    const job: Job = {
      ...rest,
      status: 'queued',
      output: null,
      counts: { total: subjects.length, succeeded: 0, failed: 0 },
      cancelRequested: false,
      lease: null,
      createdAt: now,
      updatedAt: now,
      endedAt: null,
    }
    const items = subjects.map((subject, index) => ({
      index,
      subject,
      status: 'pending' as const,
      detail: null,
    }))
    this.#entries.set(job.id, { job, items })
    return job
  }

  list({ kinds, statuses, owner, limit, beforeId }: JobFilter): Job[] {
    const jobs = Array.from(this.#entries.values(), ({ job }) => job)
    const end = beforeId === undefined ? jobs.length : jobs.findIndex(({ id }) => id === beforeId)
    return jobs
      .slice(0, Math.max(0, end))
      .filter(
        (job) =>
          (kinds?.includes(job.kind) ?? true) &&
          (statuses?.includes(job.status) ?? true) &&
          (owner === undefined || owner === job.owner),
      )
      .toReversed()
      .slice(0, limit)
  }

  claim(kinds: readonly string[], lease: JobLease, now: number): Job | undefined {
    for (const { job } of this.#entries.values()) {
      const isLapsed = job.status === 'running' && (job.lease?.until ?? 0) <= now
      const isFree = job.status === 'queued' || isLapsed
      if (isFree && kinds.includes(job.kind)) {
        return this.#change(job.id, { status: 'running', lease, updatedAt: now })
      }
    }
    return undefined
  }

  changeHeld(id: string, holder: string, changes: Partial<Job>): Job | undefined {
    return this.#isHeld(id, holder) ? this.#change(id, changes) : undefined
  }

  record({ id, holder, results, now }: Recording): boolean {
    const entry = this.#entries.get(id)
    if (!entry || !this.#isHeld(id, holder)) return false
    const items = [...entry.items]
    const counts = { ...entry.job.counts }
    for (const { index, succeeded, detail } of results) {
      const item = items[index]
      if (item?.status !== 'pending') continue
      const status = succeeded ? ('succeeded' as const) : ('failed' as const)
      items[index] = { ...item, status, detail }
      counts[status]++
    }
    this.#entries.set(id, { job: { ...entry.job, counts, updatedAt: now }, items })
    return true
  }

  cancel(id: string, now: number): Job | undefined {
    const job = this.#entries.get(id)?.job
    if (!job || job.endedAt !== null) return job
    const ended = { status: 'cancelled', endedAt: now } as const
    return this.#change(id, {
      cancelRequested: true,
      updatedAt: now,
      ...(job.status === 'queued' && ended),
    })
  }

  prune(which: PrunedJobs): number {
    const isMeant = ({ id, endedAt }: Job): boolean =>
      endedAt !== null && ('id' in which ? id === which.id : endedAt < which.endedBefore)
    const old = [...this.#entries.values()].filter(({ job }) => isMeant(job))
    for (const { job } of old) this.#entries.delete(job.id)
    return old.length
  }

  #isHeld(id: string, holder: string): boolean {
    const job = this.#entries.get(id)?.job
    return job?.status === 'running' && job.lease?.holder === holder
  }

  #change(id: string, changes: Partial<Job>): Job | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    const job = { ...entry.job, ...changes }
    this.#entries.set(id, { ...entry, job })
    return job
  }
}
