import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import type { Stores } from '../contract.ts'
import { openMysqlStores } from './mysql.ts'
import type { PoolOptions } from './pool-options.ts'
import { openPostgresStores } from './postgres.ts'

/** For tests: a small pool that does not wait long. */
export const poolForTests: PoolOptions = { size: 2, maxOverflow: 6, timeoutSeconds: 10, recycleSeconds: 600 }

/** A database server that tests may use, with how to run statements on it. */
export interface TestServer {
  readonly name: string
  /** The variable that says where it is. */
  readonly variable: string
  readonly url: string | undefined
  readonly open: (url: string, options: PoolOptions) => Promise<Stores>
  readonly run: (url: string, statements: readonly string[]) => Promise<void>
  /** Runs a statement in a transaction that stays open until the returned function is called. */
  readonly hold: (url: string, statement: string) => Promise<() => Promise<void>>
  /** Ends all connections to the database but the one that it uses for it. */
  readonly cut: (url: string) => Promise<void>
  /** What follows `drop database` and its name. */
  readonly dropOptions: string
}

const EMPTY = [
  ...[
    'accounts',
    'settings_history',
    'jobs',
    'job_items',
    'audit',
    'leases',
    'in_flight',
    'in_flight_gates',
  ].map((table) => `delete from ${table}`),
  'update counters set value = 0',
  "update settings set version = 0, data = '{}'",
]

/** For tests: the servers that `script/services` starts. */
export const testServers: readonly TestServer[] = [
  {
    name: 'PostgreSQL',
    variable: 'TEST_POSTGRESQL_URL',
    url: process.env['TEST_POSTGRESQL_URL'],
    open: openPostgresStores,
    run: async (url, statements) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      for (const statement of statements) await client.query(statement)
      await client.end()
    },
    hold: async (url, statement) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query('begin')
      await client.query(statement)
      return () => client.end()
    },
    cut: async (url) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      await client.end()
    },
    dropOptions: 'with (force)',
  },
  {
    name: 'MySQL/MariaDB',
    variable: 'TEST_MYSQL_URL',
    url: process.env['TEST_MYSQL_URL'],
    open: openMysqlStores,
    run: async (url, statements) => {
      const connection = await createConnection(url)
      for (const statement of statements) await connection.query(statement)
      await connection.end()
    },
    hold: async (url, statement) => {
      const connection = await createConnection(url)
      await connection.query('begin')
      await connection.query(statement)
      return () => connection.end()
    },
    cut: async (url) => {
      const connection = await createConnection(url)
      const [rows] = await connection.query<RowDataPacket[]>(
        'select id from information_schema.processlist where db = database() and id <> connection_id()',
      )
      for (const row of rows) await connection.query(`kill ${Number(row['id'])}`)
      await connection.end()
    },
    dropOptions: '',
  },
]

/** For tests: a database that nobody else uses. */
export interface TestDatabase {
  readonly url: string
  /** Removes all rows. */
  empty(): Promise<void>
  drop(): Promise<void>
}

/** For tests: makes a database on the server at `url`. */
export async function createTestDatabase(server: TestServer, url: string): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  await server.run(url, [`create database ${name}`])
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    url: own.href,
    empty: () => server.run(own.href, EMPTY),
    drop: () => server.run(url, [`drop database ${name} ${server.dropOptions}`]),
  }
}
