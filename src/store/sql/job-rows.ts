import { z } from 'zod'
import { jobItemStatuses, jobStatuses, type Job, type JobItem } from '../../core/job.ts'
import { parseJson } from '../json-text.ts'
import type { Tables } from './tables.ts'

const status = z.enum(jobStatuses)
const itemStatus = z.enum(jobItemStatuses)

/** A job as its row says. */
export function parseJobRow(row: Tables['jobs']): Job {
  return {
    id: row.id,
    kind: row.kind,
    owner: row.owner,
    status: status.parse(row.status),
    input: parseJson(row.input),
    output: parseJson(row.output),
    counts: { total: row.total, succeeded: row.succeeded, failed: row.failed },
    cancelRequested: row.cancel_requested !== 0,
    lease:
      row.holder === null || row.lease_until === null ? null : { holder: row.holder, until: row.lease_until },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  }
}

/** An item as its row says. */
export function parseItemRow(row: Omit<Tables['job_items'], 'job_seq'>): JobItem {
  return {
    index: row.item_index,
    subject: parseJson(row.subject),
    status: itemStatus.parse(row.status),
    detail: parseJson(row.detail),
  }
}
