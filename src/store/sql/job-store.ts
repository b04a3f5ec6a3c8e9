import type { ExpressionBuilder, Transaction } from 'kysely'
import type { Job, NewJob } from '../../core/job.ts'
import type { JobFilter, JobLease, JobOutcome, JobStore, PrunedJobs } from '../contract.ts'
import { chunk, takeNumbers, type SqlDatabase } from './database.ts'
import { findLockedJob, listItems, recordResults } from './job-items.ts'
import { parseJobRow } from './job-rows.ts'
import type { Tables } from './tables.ts'

type JobRow = Tables['jobs']
type ItemRow = Tables['job_items']

/** Rows of a writing statement; see `account-store`. */
const ROWS_PER_WRITE = 500

/** Waiting jobs that a claim tries in turn; all of them gone to others means that others are busy claiming. */
const CLAIM_CANDIDATES = 16

/** Durable jobs over any of the SQL engines. */
export function createSqlJobStore(database: SqlDatabase): JobStore {
  const { db } = database
  const find = async (id: string): Promise<Job | undefined> => {
    const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
    return row && parseJobRow(row)
  }
  return {
    create: (job, now) => database.write((trx) => create(trx, job, now)),
    find,
    list: (filter) => list(database, filter),
    claim: (kinds, lease, now) => claim(database, kinds, lease, now),
    beat: async (id, { holder, until }, now) => {
      const isHeld = await updateHeld(database, { id, holder }, { lease_until: until, updated_at: now })
      return isHeld ? find(id) : undefined
    },
    items: (id, options) => listItems(database, id, options),
    record: (id, holder, results, now) =>
      database.write((trx) => recordResults(database, trx, { id, holder, results, now })),
    end: (id, holder, outcome, now) => updateHeld(database, { id, holder }, encodeEnd(outcome, now)),
    cancel: (id, now) => database.write((trx) => cancel(database, trx, id, now)),
    prune: (which) => database.write((trx) => prune(trx, which)),
  }
}

async function create(trx: Transaction<Tables>, job: NewJob, now: number): Promise<Job> {
  const seq = await takeNumbers(trx, 'job', 1)
  const row: JobRow = {
    seq,
    id: job.id,
    kind: job.kind,
    owner: job.owner,
    status: 'queued',
    input: JSON.stringify(job.input),
    output: 'null',
    total: job.subjects.length,
    succeeded: 0,
    failed: 0,
    cancel_requested: 0,
    holder: null,
    lease_until: null,
    created_at: now,
    updated_at: now,
    ended_at: null,
  }
  await trx.insertInto('jobs').values(row).execute()
  const items = job.subjects.map((subject, index): ItemRow => {
    return {
      job_seq: seq,
      item_index: index,
      subject: JSON.stringify(subject),
      status: 'pending',
      detail: 'null',
    }
  })
  for (const part of chunk(items, ROWS_PER_WRITE)) await trx.insertInto('job_items').values(part).execute()
  return parseJobRow(row)
}

async function list({ db }: SqlDatabase, filter: JobFilter): Promise<readonly Job[]> {
  const { kinds, statuses, owner, beforeId } = filter
  if (kinds?.length === 0 || statuses?.length === 0) return []
  let query = db.selectFrom('jobs').selectAll().orderBy('seq', 'desc').limit(filter.limit)
  if (kinds) query = query.where('kind', 'in', kinds)
  if (statuses) query = query.where('status', 'in', statuses)
  if (owner !== undefined) query = query.where('owner', '=', owner)
  if (beforeId !== undefined)
    query = query.where('seq', '<', (eb) => eb.selectFrom('jobs').select('seq').where('id', '=', beforeId))
  return (await query.execute()).map(parseJobRow)
}

/**
 * Looks for candidates without a lock and takes the first that is still free by one conditional update: who comes second
 * updates no row. So it needs no `skip locked`, which not every engine has.
 */
async function claim(
  database: SqlDatabase,
  kinds: readonly string[],
  { holder, until }: JobLease,
  now: number,
): Promise<Job | undefined> {
  if (kinds.length === 0) return undefined
  const { db } = database
  const candidates = await db
    .selectFrom('jobs')
    .select('seq')
    .where('status', 'in', ['queued', 'running'])
    .where(isFree(now))
    .where('kind', 'in', kinds)
    .orderBy('seq')
    .limit(CLAIM_CANDIDATES)
    .execute()
  for (const { seq } of candidates) {
    const take = db
      .updateTable('jobs')
      .set({ status: 'running', holder, lease_until: until, updated_at: now })
      .where('seq', '=', seq)
      .where(isFree(now))
    const { numUpdatedRows } = await database.retry(() => take.executeTakeFirstOrThrow())
    if (numUpdatedRows === 0n) continue
    const row = await db.selectFrom('jobs').selectAll().where('seq', '=', seq).executeTakeFirst()
    return row?.holder === holder ? parseJobRow(row) : undefined
  }
  return undefined
}

function isFree(now: number) {
  return (eb: ExpressionBuilder<Tables, 'jobs'>) =>
    eb.or([eb('status', '=', 'queued'), eb.and([eb('status', '=', 'running'), eb('lease_until', '<=', now)])])
}

/** Changes a running job if it is the holder's. */
async function updateHeld(
  database: SqlDatabase,
  { id, holder }: { readonly id: string; readonly holder: string },
  changes: Partial<JobRow>,
): Promise<boolean> {
  const update = database.db
    .updateTable('jobs')
    .set(changes)
    .where('id', '=', id)
    .where('holder', '=', holder)
    .where('status', '=', 'running')
  const { numUpdatedRows } = await database.retry(() => update.executeTakeFirstOrThrow())
  return numUpdatedRows > 0n
}

function encodeEnd({ status, output }: JobOutcome, now: number): Partial<JobRow> {
  return {
    status,
    output: JSON.stringify(output),
    holder: null,
    lease_until: null,
    updated_at: now,
    ended_at: now,
  }
}

async function cancel(
  database: SqlDatabase,
  trx: Transaction<Tables>,
  id: string,
  now: number,
): Promise<Job | undefined> {
  const row = await findLockedJob(database, trx, id)
  if (!row || row.ended_at !== null) return row && parseJobRow(row)
  const changes: Partial<JobRow> = {
    cancel_requested: 1,
    updated_at: now,
    ...(row.status === 'queued' && { status: 'cancelled', ended_at: now }),
  }
  await trx.updateTable('jobs').set(changes).where('seq', '=', row.seq).execute()
  return parseJobRow({ ...row, ...changes })
}

async function prune(trx: Transaction<Tables>, which: PrunedJobs): Promise<number> {
  const isMeant = (eb: ExpressionBuilder<Tables, 'jobs'>) =>
    'id' in which
      ? eb.and([eb('id', '=', which.id), eb('ended_at', 'is not', null)])
      : eb('ended_at', '<', which.endedBefore)
  await trx
    .deleteFrom('job_items')
    .where('job_seq', 'in', (eb) => eb.selectFrom('jobs').select('seq').where(isMeant))
    .execute()
  const { numDeletedRows } = await trx.deleteFrom('jobs').where(isMeant).executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
