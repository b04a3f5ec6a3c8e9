import type { JobLease, LeaseStore } from '../contract.ts'
import { insertMissing, type SqlDatabase } from './database.ts'

/** Named leases, one row each; the row stays when a lease ends, so that the token goes on growing. */
export function createSqlLeaseStore(database: SqlDatabase): LeaseStore {
  return {
    acquire: (name, lease, now) => acquire(database, name, lease, now),
    release: async (name, holder) => {
      await database.db
        .updateTable('leases')
        .set({ holder: '', until: 0 })
        .where('name', '=', name)
        .where('holder', '=', holder)
        .execute()
    },
  }
}

function acquire(database: SqlDatabase, name: string, { holder, until }: JobLease, now: number) {
  return database.write(async (trx) => {
    const find = () =>
      database.lock(trx.selectFrom('leases').selectAll().where('name', '=', name)).executeTakeFirst()
    let row = await find()
    if (!row) {
      await insertMissing(
        database,
        trx.insertInto('leases').values({ name, holder: '', until: 0, token: 0 }),
      ).execute()
      row = await find()
    }
    if (!row || (row.holder !== holder && row.until > now)) return undefined
    const token = row.holder === holder ? row.token : row.token + 1
    await trx.updateTable('leases').set({ holder, until, token }).where('name', '=', name).execute()
    return { token }
  })
}
