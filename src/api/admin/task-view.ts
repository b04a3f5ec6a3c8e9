import { z } from 'zod'
import type { Job, JobItem } from '../../core/job.ts'

/** Whatever JSON a kind of task leaves. */
const json = z.unknown()

/** A task as the admin API shows it. */
export const taskView = z.object({
  task_id: z.string(),
  kind: z.string(),
  owner: z.string(),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
  total: z.number(),
  processed: z.number(),
  ok: z.number(),
  fail: z.number(),
  cancel_requested: z.boolean(),
  input: json,
  output: json,
  created_at: z.number(),
  updated_at: z.number(),
  ended_at: z.number().nullable(),
})

/** One item of a task: an account's id, and what came of it. */
export const taskItemView = z.object({
  index: z.number(),
  account_id: json,
  status: z.enum(['pending', 'succeeded', 'failed']),
  detail: json,
})

/** A job in the words of {@link taskView}. */
export function viewTask(job: Job): z.input<typeof taskView> {
  const { succeeded, failed, total } = job.counts
  return {
    task_id: job.id,
    kind: job.kind,
    owner: job.owner,
    status: job.status,
    total,
    processed: succeeded + failed,
    ok: succeeded,
    fail: failed,
    cancel_requested: job.cancelRequested,
    input: job.input,
    output: job.output,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    ended_at: job.endedAt,
  }
}

/** An item in the words of {@link taskItemView}. */
export function viewTaskItem({ index, subject, status, detail }: JobItem): z.input<typeof taskItemView> {
  return { index, account_id: subject, status, detail }
}
