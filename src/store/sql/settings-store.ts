import {
  SettingsConflictError,
  type SettingsDocument,
  type SettingsPersistence,
} from '../../core/settings-document.ts'
import type { SettingsHistory, SettingsRevision } from '../contract.ts'
import { parseValues } from '../json-text.ts'
import { takeNumbers, type SqlDatabase } from './database.ts'
import type { Tables } from './tables.ts'

/** The one row of the settings. */
const DOCUMENT_ID = 1

/** The stored settings as one row that is replaced whole. */
export function createSqlSettings(database: SqlDatabase): SettingsPersistence {
  return {
    load: async () => {
      const row = await database.db
        .selectFrom('settings')
        .select(['version', 'data'])
        .where('id', '=', DOCUMENT_ID)
        .executeTakeFirstOrThrow()
      return readDocument(row)
    },
    save: (values, expectedVersion) =>
      database.writeRevision(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('settings')
          .set((eb) => ({ version: eb('version', '+', 1), data: JSON.stringify(values) }))
          .where('id', '=', DOCUMENT_ID)
          .where('version', '=', parseVersion(expectedVersion))
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n)
          throw new SettingsConflictError('The stored settings were changed in the meantime')
        return String(parseVersion(expectedVersion) + 1)
      }),
  }
}

/** The version as a number; one that this store never gave matches no row. */
function parseVersion(version: string): number {
  return /^\d{1,15}$/.test(version) ? Number(version) : -1
}

function readDocument({ version, data }: { version: number; data: string }): SettingsDocument {
  try {
    return { values: parseValues(data), version: String(version) }
  } catch {
    // not the parser's words: they quote the text, and it may hold a secret
    return { values: {}, version: String(version), fault: 'the stored settings are not a JSON object' }
  }
}

/** Earlier versions of the settings, one row each. */
export function createSqlSettingsHistory(database: SqlDatabase): SettingsHistory {
  return {
    append: (revision) =>
      database.write(async (trx) => {
        const id = await takeNumbers(trx, 'settings-revision', 1)
        const { at, actor, values } = revision
        await trx
          .insertInto('settings_history')
          .values({ id, at, actor, data: JSON.stringify(values) })
          .execute()
        return { id, at, actor, values }
      }),
    list: async ({ limit, beforeId }) => {
      let query = database.db.selectFrom('settings_history').selectAll().orderBy('id', 'desc').limit(limit)
      if (beforeId !== undefined) query = query.where('id', '<', beforeId)
      return (await query.execute()).map(parseRevision)
    },
    find: async (id) => {
      const row = await database.db
        .selectFrom('settings_history')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && parseRevision(row)
    },
  }
}

function parseRevision({ id, at, actor, data }: Tables['settings_history']): SettingsRevision {
  return { id, at, actor, values: parseValues(data) }
}
