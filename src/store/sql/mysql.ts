import { CompiledQuery, Kysely, MysqlDialect } from 'kysely'
import { createPool, type Pool, type PoolOptions as DriverOptions } from 'mysql2'
import type { Stores } from '../contract.ts'
import { createSqlStores } from './create-stores.ts'
import { SqlDatabase } from './database.ts'
import { migrate } from './migrations.ts'
import { LimitedPool } from './mysql-pool.ts'
import { parseMysqlDsn, type DatabaseAddress } from './parse-dsn.ts'
import { IDLE_MS, type PoolOptions } from './pool-options.ts'
import type { Tables } from './tables.ts'
import { loadTlsOptions } from './tls-options.ts'
import { watchRevision } from './watch-revision.ts'

/**
 * What every connection starts with. Locks on rows instead of on the gaps between them; and a mode in which backslashes
 * escape, as the driver writes them, and what does not fit is an error.
 */
const SESSION = [
  'set session transaction isolation level read committed',
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
]

/** Opens (and creates or upgrades) the database at `url`; throws a `DsnError` for an address that cannot be used. */
export async function openMysqlStores(url: string, options: PoolOptions): Promise<Stores> {
  const address = parseMysqlDsn(url)
  const pool = new LimitedPool(await openPool(address, options), options)
  const dialect = new MysqlDialect({
    pool,
    onCreateConnection: async (connection) => {
      for (const statement of SESSION) await connection.executeQuery(CompiledQuery.raw(statement))
    },
  })
  const db = new Kysely<Tables>({ dialect })
  try {
    await migrate(db, 'mysql')
  } catch (error) {
    await db.destroy()
    const { host, port, database } = address
    throw new Error(`the MySQL database ${database} at ${host}:${port} could not be brought up to date`, {
      cause: error,
    })
  }
  const database = new SqlDatabase(db, 'mysql')
  return createSqlStores(database, { watch: (onChange) => watchRevision(database, onChange) })
}

async function openPool(
  { tls, extras: _extras, ...place }: DatabaseAddress,
  options: PoolOptions,
): Promise<Pool> {
  const driverOptions: DriverOptions = {
    ...place,
    charset: 'utf8mb4_bin',
    connectionLimit: options.size + options.maxOverflow,
    maxIdle: options.size,
    idleTimeout: IDLE_MS,
    connectTimeout: options.timeoutSeconds * 1000,
    enableKeepAlive: true,
  }
  if (tls.mode === 'off') return createPool(driverOptions)
  const verifyIdentity = tls.check === 'authority-and-name'
  return createPool({ ...driverOptions, ssl: { ...(await loadTlsOptions(tls)), verifyIdentity } })
}
