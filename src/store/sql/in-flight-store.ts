import type { Transaction } from 'kysely'
import type { InFlightStore, JobLease } from '../contract.ts'
import { insertMissing, type SqlDatabase } from './database.ts'
import type { Tables } from './tables.ts'

/** Counts that lapsed so long ago are removed: nobody looks at them any more. It reads them all, so not at each beat. */
const KEEP_LAPSED_MS = 60_000

/** Requests in flight, one row per account and holder. */
export function createSqlInFlightStore(database: SqlDatabase): InFlightStore {
  const { db } = database
  let cleanedAt = 0
  return {
    enter: (accountId, cap, holder, now) =>
      database.write(async (trx) => {
        await lockGate(database, trx, accountId)
        const rows = await trx
          .selectFrom('in_flight')
          .select('count')
          .where('account_id', '=', accountId)
          .where('until', '>', now)
          .execute()
        if (rows.reduce((sum, { count }) => sum + count, 0) >= cap) return false
        await countOneMore(trx, accountId, holder, now)
        return true
      }),
    leave: async (accountId, holder) => {
      const update = db
        .updateTable('in_flight')
        .set((eb) => ({ count: eb('count', '-', 1) }))
        .where('account_id', '=', accountId)
        .where('holder', '=', holder)
        .where('count', '>', 0)
      await database.retry(() => update.execute())
    },
    beat: async ({ holder, until }, now) => {
      const prolong = db
        .updateTable('in_flight')
        .set({ until })
        .where('holder', '=', holder)
        .where('until', '>', now)
        .where('count', '>', 0)
      await database.retry(() => prolong.execute())
      if (now < cleanedAt + KEEP_LAPSED_MS) return
      cleanedAt = now
      const clean = db.deleteFrom('in_flight').where('until', '<', now - KEEP_LAPSED_MS)
      await database.retry(() => clean.execute())
    },
  }
}

/** Makes those who want into the same account wait for one another: summing up and counting is two steps. */
async function lockGate(database: SqlDatabase, trx: Transaction<Tables>, accountId: number): Promise<void> {
  if (database.engine === 'sqlite') return // there every transaction that writes is alone
  const find = () =>
    database
      .lock(trx.selectFrom('in_flight_gates').select('account_id').where('account_id', '=', accountId))
      .executeTakeFirst()
  if (await find()) return
  await insertMissing(database, trx.insertInto('in_flight_gates').values({ account_id: accountId })).execute()
  await find()
}

/** Adds one to the holder's row; what has lapsed in it is forgotten. */
async function countOneMore(
  trx: Transaction<Tables>,
  accountId: number,
  { holder, until }: JobLease,
  now: number,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('in_flight')
    .set((eb) => ({
      count: eb
        .case()
        .when('until', '>', now)
        .then(eb('count', '+', 1))
        .else(1)
        .end(),
      until,
    }))
    .where('account_id', '=', accountId)
    .where('holder', '=', holder)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows > 0n) return
  await trx.insertInto('in_flight').values({ account_id: accountId, holder, count: 1, until }).execute()
}
