import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Tables } from './tables.ts'

/** Every change of the schema, oldest first; a landed one is never edited. */
export const migrations: Record<string, Migration> = {
  '0001-accounts': {
    up: async (db: Kysely<Tables>) => {
      await db.schema
        .createTable('accounts')
        .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('credential_hash', 'varchar(64)', (column) => column.notNull().unique())
        .addColumn('sealed_credential', 'text', (column) => column.notNull())
        .addColumn('tier', 'varchar(16)', (column) => column.notNull())
        .addColumn('tags', 'text', (column) => column.notNull())
        .addColumn('status', 'varchar(16)', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('health', 'double precision', (column) => column.notNull())
        .addColumn('health_at', 'bigint', (column) => column.notNull())
        .addColumn('streak', 'text')
        .addColumn('coolings', 'integer', (column) => column.notNull())
        .addColumn('mode_cooldowns', 'text', (column) => column.notNull())
        .addColumn('quota', 'text', (column) => column.notNull())
        .addColumn('success_count', 'bigint', (column) => column.notNull())
        .addColumn('failure_count', 'bigint', (column) => column.notNull())
        .addColumn('last_used_at', 'bigint')
        .addColumn('last_failure', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('accounts_by_change').on('accounts').columns(['revision', 'id']).execute()
      await db.schema
        .createTable('counters')
        .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .execute()
      await sql`insert into counters (name, value) values ('revision', 0)`.execute(db)
    },
  },
}
