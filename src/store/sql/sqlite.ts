import { Database } from 'bun:sqlite'
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely } from 'kysely'
import type { SettingsPersistence } from '../../core/settings-document.ts'
import type { Stores } from '../contract.ts'
import { createSqlStores } from './create-stores.ts'
import { SqlDatabase } from './database.ts'
import { migrate } from './migrations.ts'
import { BunSqliteDialect, STATEMENT_BUSY_MS } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'
import { watchRevision } from './watch-revision.ts'

/** What a SQLite file does not hold itself. */
export interface SqliteOptions {
  /** Where the settings are kept; without it they are in the file, too. */
  readonly settings?: SettingsPersistence
}

/** Opens (and creates or upgrades) the SQLite file at `path`; only its owner may read it. */
export async function openSqliteStores(path: string, { settings }: SqliteOptions = {}): Promise<Stores> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = new Database(path, { create: true, strict: true })
  if (path !== ':memory:') chmodSync(path, 0o600)
  file.run(`PRAGMA busy_timeout = ${STATEMENT_BUSY_MS}`) // first: the next ones wait for other processes, too
  file.run('PRAGMA journal_mode = WAL')
  file.run('PRAGMA synchronous = NORMAL')
  const db = new Kysely<Tables>({ dialect: new BunSqliteDialect(file) })
  try {
    await migrateAlone(file, db)
  } catch (error) {
    await db.destroy()
    throw new Error(`the account file ${path} could not be brought up to date`, { cause: error })
  }
  const database = new SqlDatabase(db, 'sqlite')
  return createSqlStores(database, {
    ...(settings && { settings }),
    watch: (onChange) => watchRevision(database, onChange),
  })
}

/** In one transaction that writes from its start, so that of several processes one does the work. */
async function migrateAlone(file: Database, db: Kysely<Tables>): Promise<void> {
  file.run('BEGIN IMMEDIATE')
  try {
    await migrate(db, 'sqlite')
  } catch (error) {
    file.run('ROLLBACK')
    throw error
  }
  file.run('COMMIT')
}
