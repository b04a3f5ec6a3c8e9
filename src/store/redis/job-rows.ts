import { z } from 'zod'
import { jobStatuses, type Job, type JobItem } from '../../core/job.ts'
import { parseJson } from '../json-text.ts'
import { parseFields } from './replies.ts'

const number = z.coerce.number()

const row = z.object({
  id: z.string(),
  kind: z.string(),
  owner: z.string(),
  status: z.enum(jobStatuses),
  input: z.string(),
  output: z.string(),
  total: number,
  succeeded: number,
  failed: number,
  cancelRequested: z.enum(['0', '1']),
  holder: z.string(),
  until: number,
  createdAt: number,
  updatedAt: number,
  /** Empty while it has not ended. */
  endedAt: z.union([z.literal('').transform(() => null), number]),
})

/** The job whose fields a reply lists; undefined if it lists none. */
export function parseJob(reply: unknown): Job | undefined {
  const fields = parseFields(reply)
  if (Object.keys(fields).length === 0) return undefined
  const { total, succeeded, failed, holder, until, ...rest } = row.parse(fields)
  return {
    ...rest,
    input: parseJson(rest.input),
    output: parseJson(rest.output),
    counts: { total, succeeded, failed },
    cancelRequested: rest.cancelRequested === '1',
    lease: rest.status === 'running' ? { holder, until } : null,
  }
}

/** How a status is marked at the beginning of a result; a pending item has none. */
export const resultSigns: Readonly<Record<JobItem['status'], string>> = {
  pending: '.',
  succeeded: '+',
  failed: '-',
}

/** An item as index, subject and marked result tell it. */
export function parseItem([index, subject = 'null', result = '']: readonly string[]): JobItem {
  const place = { index: Number(index), subject: parseJson(subject) }
  if (result === '') return { ...place, status: 'pending', detail: null }
  const status = result.startsWith(resultSigns.succeeded) ? 'succeeded' : 'failed'
  return { ...place, status, detail: parseJson(result.slice(1)) }
}
