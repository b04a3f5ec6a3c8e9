import { Kysely, PostgresDialect } from 'kysely'
import { Client, Pool, TypeOverrides, types, type ClientConfig } from 'pg'
import { createLog, describeError } from '../../util/log.ts'
import type { Stores } from '../contract.ts'
import { createSqlStores } from './create-stores.ts'
import { SqlDatabase } from './database.ts'
import { migrate } from './migrations.ts'
import { parsePostgresDsn, type DatabaseAddress, type TlsPlan } from './parse-dsn.ts'
import { IDLE_MS, type PoolOptions } from './pool-options.ts'
import { listen } from './postgres-listen.ts'
import type { Tables } from './tables.ts'
import { loadTlsOptions } from './tls-options.ts'

const log = createLog('store')

/** The driver's parsers, but `bigint` becomes a number: as text, as the driver has it, it could not be added to. */
const numbers = new TypeOverrides()
numbers.setTypeParser(types.builtins.INT8, Number)

/** Opens (and creates or upgrades) the database at `url`; throws a `DsnError` for an address that cannot be used. */
export async function openPostgresStores(url: string, options: PoolOptions): Promise<Stores> {
  const address = parsePostgresDsn(url)
  const config = await chooseConfig(address, options)
  const pool = new Pool({
    ...config,
    min: options.size,
    max: options.size + options.maxOverflow,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: options.recycleSeconds,
  })
  // an idle connection that breaks is replaced; whoever uses one is told there
  pool.on('error', (error) => log.warn('a connection to PostgreSQL broke', { error: describeError(error) }))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    await migrate(db, 'postgresql')
  } catch (error) {
    await db.destroy()
    throw new Error(`${describePlace(address)} could not be brought up to date`, { cause: error })
  }
  const database = new SqlDatabase(db, 'postgresql')
  return createSqlStores(database, { watch: (onChange) => listen(config, database.instance, onChange) })
}

function describePlace({ host, port, database }: DatabaseAddress): string {
  return `the PostgreSQL database ${database} at ${host}:${port}`
}

/** How to connect; where the address leaves it to the server whether TLS is used, a first connection finds out. */
async function chooseConfig(address: DatabaseAddress, options: PoolOptions): Promise<ClientConfig> {
  const { tls } = address
  const plain = nameConfig(address, options)
  if (tls.mode === 'off') return { ...plain, ssl: false }
  const encrypted = { ...plain, ssl: await sslOptions(tls) }
  if (tls.mode === 'always' || address.host.startsWith('/')) return tls.mode === 'always' ? encrypted : plain
  const [first, second] = tls.mode === 'prefer' ? [encrypted, plain] : [plain, encrypted]
  const firstProblem = await tryToConnect(first)
  if (firstProblem === undefined) return first
  const secondProblem = await tryToConnect(second)
  if (secondProblem === undefined) return second
  const cause = tls.mode === 'prefer' && isRefusedTls(firstProblem) ? secondProblem : firstProblem
  throw new Error(`${describePlace(address)} cannot be reached`, { cause })
}

function nameConfig({ tls: _tls, extras, ...place }: DatabaseAddress, options: PoolOptions): ClientConfig {
  return {
    ...place,
    ...extras,
    connectionTimeoutMillis: options.timeoutSeconds * 1000,
    keepAlive: true,
    types: numbers,
  }
}

async function sslOptions(plan: Exclude<TlsPlan, { mode: 'off' }>) {
  const options = await loadTlsOptions(plan)
  return plan.check === 'authority' ? { ...options, checkServerIdentity: () => undefined } : options
}

function isRefusedTls(problem: unknown): boolean {
  return problem instanceof Error && problem.message.includes('does not support SSL')
}

/** Connects once; returns what was in the way. */
async function tryToConnect(config: ClientConfig): Promise<unknown> {
  const client = new Client(config)
  client.on('error', () => undefined) // told by `connect`
  try {
    await client.connect()
    await client.end()
    return undefined
  } catch (error) {
    return error ?? new Error('no connection')
  }
}
