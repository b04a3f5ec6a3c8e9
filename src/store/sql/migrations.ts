import { sql, type CreateTableBuilder, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import type { Engine } from './database.ts'
import type { Tables } from './tables.ts'

/**
 * Brings the schema up to date. Kysely holds a lock meanwhile (an advisory lock on PostgreSQL, `get_lock` on MySQL; on
 * SQLite the caller's transaction), so that of several processes that start at once one does the work.
 */
export async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const provider = { getMigrations: async () => migrationsFor(engine) }
  const migrator = new Migrator({ db, provider, disableTransactions: engine === 'sqlite' })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw new Error('a migration failed', { cause: error })
}

/** Every change of the schema, by name in order; a landed one is never edited. */
function migrationsFor(engine: Engine): Record<string, Migration> {
  return {
    '0001-first': { up: (db: Kysely<Tables>) => createFirstTables(db, engine) },
    '0002-responses': { up: (db: Kysely<Tables>) => createTable(db, engine, 'responses', responseTable) },
  }
}

/** `word` can be indexed, `text` is as long as it likes; a final `?` allows null. */
type ColumnKind = 'number' | 'number?' | 'word' | 'word?' | 'text'

interface TableShape {
  readonly columns: Readonly<Record<string, ColumnKind>>
  readonly primaryKey: readonly string[]
  readonly unique?: readonly string[]
  readonly indexes?: Readonly<Record<string, readonly string[]>>
}

const firstTables: Readonly<Record<string, TableShape>> = {
  accounts: {
    columns: {
      id: 'number',
      credential_hash: 'word',
      status: 'word',
      revision: 'number',
      updated_at: 'number',
      data: 'text',
    },
    primaryKey: ['id'],
    unique: ['credential_hash'],
    indexes: { accounts_by_change: ['revision', 'id'], accounts_by_status: ['status', 'updated_at'] },
  },
  counters: { columns: { name: 'word', value: 'number' }, primaryKey: ['name'] },
  settings: { columns: { id: 'number', version: 'number', data: 'text' }, primaryKey: ['id'] },
  settings_history: {
    columns: { id: 'number', at: 'number', actor: 'text', data: 'text' },
    primaryKey: ['id'],
  },
  jobs: {
    columns: {
      seq: 'number',
      id: 'word',
      kind: 'word',
      owner: 'word',
      status: 'word',
      input: 'text',
      output: 'text',
      total: 'number',
      succeeded: 'number',
      failed: 'number',
      cancel_requested: 'number',
      holder: 'word?',
      lease_until: 'number?',
      created_at: 'number',
      updated_at: 'number',
      ended_at: 'number?',
    },
    primaryKey: ['seq'],
    unique: ['id'],
    indexes: {
      jobs_by_status: ['status', 'seq'],
      jobs_by_owner: ['owner', 'seq'],
      jobs_by_kind: ['kind', 'seq'],
      jobs_by_end: ['ended_at'],
    },
  },
  job_items: {
    columns: { job_seq: 'number', item_index: 'number', subject: 'text', status: 'word', detail: 'text' },
    primaryKey: ['job_seq', 'item_index'],
    indexes: { job_items_by_status: ['job_seq', 'status', 'item_index'] },
  },
  audit: {
    columns: {
      id: 'number',
      at: 'number',
      actor: 'text',
      address: 'text',
      action: 'word',
      request_id: 'text',
      detail: 'text',
      status: 'number',
    },
    primaryKey: ['id'],
    indexes: { audit_by_action: ['action', 'id'], audit_by_time: ['at'] },
  },
  leases: {
    columns: { name: 'word', holder: 'word', until: 'number', token: 'number' },
    primaryKey: ['name'],
  },
  in_flight: {
    columns: { account_id: 'number', holder: 'word', count: 'number', until: 'number' },
    // in this order: an index on the holder alone would tempt a planner without statistics to read all of its rows
    primaryKey: ['holder', 'account_id'],
    // none on `until`: it changes at every use
    indexes: { in_flight_by_account: ['account_id'] },
  },
  in_flight_gates: { columns: { account_id: 'number' }, primaryKey: ['account_id'] },
}

const responseTable: TableShape = {
  columns: {
    id: 'word',
    owner: 'word',
    created_at: 'number',
    expires_at: 'number',
    previous_id: 'word?',
    account_id: 'number?',
    document: 'text',
  },
  primaryKey: ['id'],
  indexes: { responses_by_expiry: ['expires_at'] },
}

/** What counts from the start, so that a number can be taken by updating a row that is there. */
const firstCounters = ['revision', 'account', 'settings-revision', 'job', 'audit'] as const

/** The names of the store's own counters. */
export type CounterName = (typeof firstCounters)[number]

async function createFirstTables(db: Kysely<Tables>, engine: Engine): Promise<void> {
  for (const [name, shape] of Object.entries(firstTables)) await createTable(db, engine, name, shape)
  // MySQL commits each statement of a migration by itself: what an interrupted one has done is done anew
  await db.deleteFrom('counters').execute()
  await db
    .insertInto('counters')
    .values(firstCounters.map((name) => ({ name, value: 0 })))
    .execute()
  await db.deleteFrom('settings').execute()
  await db.insertInto('settings').values({ id: 1, version: 0, data: '{}' }).execute()
}

async function createTable(
  db: Kysely<Tables>,
  engine: Engine,
  name: string,
  { columns, primaryKey, unique, indexes = {} }: TableShape,
): Promise<void> {
  const isMysql = engine === 'mysql'
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name).ifNotExists()
  for (const [column, kind] of Object.entries(columns)) {
    table = table.addColumn(column, columnType(kind, engine), (built) =>
      kind.endsWith('?') ? built : built.notNull(),
    )
  }
  if (unique) table = table.addUniqueConstraint(`${name}_unique`, [...unique])
  table = table.addPrimaryKeyConstraint(`${name}_key`, [...primaryKey])
  // binary comparison, as the other engines have it
  if (isMysql) table = table.modifyEnd(sql`character set utf8mb4 collate utf8mb4_bin`)
  for (const [index, on] of Object.entries(indexes)) {
    if (isMysql) table = table.addIndex(index, [...on])
  }
  await table.execute()
  if (isMysql) return
  for (const [index, on] of Object.entries(indexes)) {
    await db.schema
      .createIndex(index)
      .ifNotExists()
      .on(name)
      .columns([...on])
      .execute()
  }
}

function columnType(kind: ColumnKind, engine: Engine) {
  if (kind === 'text') return engine === 'mysql' ? sql`longtext` : sql`text`
  if (kind.startsWith('word')) return sql`varchar(255)`
  // only a column of this very type is SQLite's own row id
  return engine === 'sqlite' ? sql`integer` : sql`bigint`
}
