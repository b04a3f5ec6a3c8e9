import type { ResponseStore, StoredResponse } from '../contract.ts'
import { parseJson } from '../json-text.ts'
import type { SqlDatabase } from './database.ts'
import type { Tables } from './tables.ts'

type ResponseRow = Tables['responses']

/** Kept answers, one row each. */
export function createSqlResponseStore(database: SqlDatabase): ResponseStore {
  const { db } = database
  return {
    save: (response) => save(database, encodeRow(response)),
    find: async (id, now) => {
      const query = db.selectFrom('responses').selectAll().where('id', '=', id).where('expires_at', '>', now)
      const row = await query.executeTakeFirst()
      return row && parseRow(row)
    },
    remove: async (id) => {
      const remove = db.deleteFrom('responses').where('id', '=', id)
      const { numDeletedRows } = await database.retry(() => remove.executeTakeFirstOrThrow())
      return numDeletedRows > 0n
    },
    prune: async (now) => {
      const remove = db.deleteFrom('responses').where('expires_at', '<=', now)
      const { numDeletedRows } = await database.retry(() => remove.executeTakeFirstOrThrow())
      return Number(numDeletedRows)
    },
  }
}

async function save(database: SqlDatabase, row: ResponseRow): Promise<void> {
  const insert = database.db.insertInto('responses').values(row)
  const upsert =
    database.engine === 'mysql'
      ? insert.onDuplicateKeyUpdate(row)
      : insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row))
  await database.retry(() => upsert.execute())
}

function encodeRow({ id, owner, accountId, document, ...rest }: StoredResponse): ResponseRow {
  return {
    id,
    owner,
    created_at: rest.createdAt,
    expires_at: rest.expiresAt,
    previous_id: rest.previousId,
    account_id: accountId,
    document: JSON.stringify(document),
  }
}

function parseRow({ id, owner, account_id, document, ...rest }: ResponseRow): StoredResponse {
  return {
    id,
    owner,
    createdAt: rest.created_at,
    expiresAt: rest.expires_at,
    previousId: rest.previous_id,
    accountId: account_id,
    document: parseJson(document),
  }
}
