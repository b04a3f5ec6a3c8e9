import { sql, type Transaction } from 'kysely'
import type { JobItem, JobItemResult } from '../../core/job.ts'
import type { JobItemsOptions } from '../contract.ts'
import { chunk, type SqlDatabase } from './database.ts'
import { parseItemRow } from './job-rows.ts'
import type { Tables } from './tables.ts'

type ItemRow = Tables['job_items']

/** Rows of a writing statement; see `account-store`. */
const ROWS_PER_WRITE = 500

/** Items of a job, in order. */
export async function listItems(
  { db }: SqlDatabase,
  id: string,
  { fromIndex, limit, status }: JobItemsOptions,
): Promise<readonly JobItem[]> {
  let query = db
    .selectFrom('job_items')
    .select(['item_index', 'subject', 'status', 'detail'])
    .where('job_seq', '=', (eb) => eb.selectFrom('jobs').select('seq').where('id', '=', id))
    .where('item_index', '>=', fromIndex)
    .orderBy('item_index')
    .limit(limit)
  if (status) query = query.where('status', '=', status)
  return (await query.execute()).map(parseItemRow)
}

interface Recording {
  readonly id: string
  readonly holder: string
  readonly results: readonly JobItemResult[]
  readonly now: number
}

/** Writes results of a job and counts them, if it is the holder's. */
export async function recordResults(
  database: SqlDatabase,
  trx: Transaction<Tables>,
  { id, holder, results, now }: Recording,
): Promise<boolean> {
  const job = await findLockedJob(database, trx, id)
  if (job?.status !== 'running' || job.holder !== holder) return false
  const counts = { succeeded: job.succeeded, failed: job.failed }
  for (const part of chunk(results, ROWS_PER_WRITE)) {
    const rows = await decideItems(trx, job.seq, part)
    for (const { status } of rows) counts[status]++
    await writeItems(database, trx, rows)
  }
  await trx
    .updateTable('jobs')
    .set({ ...counts, updated_at: now })
    .where('seq', '=', job.seq)
    .execute()
  return true
}

type DecidedItem = ItemRow & { readonly status: 'succeeded' | 'failed' }

/** The rows of the results whose items are still pending, each once. */
async function decideItems(
  trx: Transaction<Tables>,
  seq: number,
  results: readonly JobItemResult[],
): Promise<readonly DecidedItem[]> {
  const pending = await trx
    .selectFrom('job_items')
    .selectAll()
    .where('job_seq', '=', seq)
    .where('status', '=', 'pending')
    .where(
      'item_index',
      'in',
      results.map(({ index }) => index),
    )
    .execute()
  const first = new Map(results.toReversed().map((result) => [result.index, result]))
  return pending.flatMap((row) => {
    const result = first.get(row.item_index)
    if (!result) return []
    const status = result.succeeded ? ('succeeded' as const) : ('failed' as const)
    return [{ ...row, status, detail: JSON.stringify(result.detail) }]
  })
}

async function writeItems(
  { engine }: SqlDatabase,
  trx: Transaction<Tables>,
  rows: readonly ItemRow[],
): Promise<void> {
  if (rows.length === 0) return
  const insert = trx.insertInto('job_items').values(rows)
  const upsert =
    engine === 'mysql'
      ? insert.onDuplicateKeyUpdate({
          status: sql<string>`values(status)`,
          detail: sql<string>`values(detail)`,
        })
      : insert.onConflict((conflict) =>
          conflict.columns(['job_seq', 'item_index']).doUpdateSet((eb) => ({
            status: eb.ref('excluded.status'),
            detail: eb.ref('excluded.detail'),
          })),
        )
  await upsert.execute()
}

/** The row of a job, locked until the end of the transaction. */
export function findLockedJob(database: SqlDatabase, trx: Transaction<Tables>, id: string) {
  return database.lock(trx.selectFrom('jobs').selectAll().where('id', '=', id)).executeTakeFirst()
}
