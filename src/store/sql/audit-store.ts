import { sql } from 'kysely'
import type { AuditEntry } from '../../core/audit.ts'
import type { AuditStore } from '../contract.ts'
import { parseJson } from '../json-text.ts'
import { takeNumbers, type SqlDatabase } from './database.ts'
import type { Tables } from './tables.ts'

/** The operators' actions, one row each. */
export function createSqlAuditStore(database: SqlDatabase): AuditStore {
  const { db } = database
  return {
    append: (entry) =>
      database.write(async (trx) => {
        const id = await takeNumbers(trx, 'audit', 1)
        const { requestId, detail, ...rest } = entry
        await trx
          .insertInto('audit')
          .values({ ...rest, id, request_id: requestId, detail: JSON.stringify(detail) })
          .execute()
        return { ...entry, id }
      }),
    list: async ({ limit, beforeId, action }) => {
      let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
      if (beforeId !== undefined) query = query.where('id', '<', beforeId)
      if (action?.endsWith('*')) {
        const prefix = action.slice(0, -1)
        // not `like`: its wildcards would need escaping, and on SQLite it does not tell capitals
        query = query.where(sql`substr(action, 1, ${Array.from(prefix).length})`, '=', prefix)
      } else if (action !== undefined) query = query.where('action', '=', action)
      return (await query.execute()).map(parseEntry)
    },
    prune: async (before) => {
      const remove = db.deleteFrom('audit').where('at', '<', before)
      const { numDeletedRows } = await database.retry(() => remove.executeTakeFirstOrThrow())
      return Number(numDeletedRows)
    },
  }
}

function parseEntry({ request_id, detail, ...rest }: Tables['audit']): AuditEntry {
  return { ...rest, requestId: request_id, detail: parseJson(detail) }
}
