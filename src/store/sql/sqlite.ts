import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { AccountStore } from '../contract.ts'
import { createSqlAccountStore } from './account-store.ts'
import { migrations } from './migrations.ts'
import type { Tables } from './tables.ts'

/** How long a writer waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000

/** Opens (and creates or upgrades) the SQLite file at `path`; only its owner may read it. */
export async function openSqliteAccountStore(path: string): Promise<AccountStore> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = new Database(path, { create: true, strict: true })
  if (path !== ':memory:') chmodSync(path, 0o600)
  file.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`) // first: the next ones wait for other processes, too
  file.run('PRAGMA journal_mode = WAL')
  file.run('PRAGMA synchronous = NORMAL')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(file) }) })
  try {
    await migrate(file, db)
  } catch (error) {
    await db.destroy()
    throw new Error(`the account file ${path} could not be brought up to date`, { cause: error })
  }
  return createSqlAccountStore(db)
}

/** Brings the schema up to date in one transaction that writes from its start, so that of several processes one does. */
async function migrate(file: Database, db: Kysely<Tables>): Promise<void> {
  const provider = { getMigrations: async () => migrations }
  const migrator = new Migrator({ db, provider, disableTransactions: true })
  file.run('BEGIN IMMEDIATE')
  const { error } = await migrator.migrateToLatest()
  file.run(error === undefined ? 'COMMIT' : 'ROLLBACK')
  if (error !== undefined) throw new Error('a migration failed', { cause: error })
}

/** Bun's SQLite in the shape that Kysely's dialect expects (better-sqlite3's). */
function adapt(file: Database) {
  return {
    close: () => file.close(),
    prepare: (text: string) => {
      const statement = file.query(text)
      return {
        reader: statement.columnNames.length > 0,
        all(parameters: SQLQueryBindings[]) {
          return statement.all(...parameters)
        },
        run(parameters: SQLQueryBindings[]) {
          return statement.run(...parameters)
        },
        iterate(parameters: SQLQueryBindings[]) {
          return statement.iterate(...parameters)
        },
      }
    },
  }
}
