import { existsSync } from 'node:fs'
import { ConfigFile } from '../store/config-file.ts'
import type { AppOptions } from '../app.ts'
import { SettingsService } from '../config/settings.ts'
import { parseStartup, type StartupOptions } from '../config/startup.ts'
import type { Stores } from '../store/contract.ts'
import { openRedisStores } from '../store/redis/redis.ts'
import { loadSecretKeys, secretKeyPath, type SecretKeySource } from '../store/secret-key.ts'
import { openMysqlStores } from '../store/sql/mysql.ts'
import type { PoolOptions } from '../store/sql/pool-options.ts'
import { openPostgresStores } from '../store/sql/postgres.ts'
import { openSqliteStores } from '../store/sql/sqlite.ts'
import { prepareDataDir } from './prepare-data-dir.ts'
import { WORKER_VARIABLE } from './supervise.ts'
import { SecretBox } from '../util/secret-box.ts'

type Environment = Readonly<Record<string, string | undefined>>

const KEY_SIZE_BYTES = 32

type Parts = Omit<AppOptions, 'clock'>

/** Opens what the app stands on, by the environment: stores, settings, key. */
export async function openParts(environment: Environment): Promise<Parts> {
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const source = keySource(startup)
  return openOver(environment, { startup, loadKeys: () => loadSecretKeys(source), open: openStores })
}

/** Files that the first start makes; undefined: it is there, or not needed. */
export interface NotYet {
  readonly secretKey: string | undefined
  readonly store: string | undefined
}

/**
 * The same for who only looks: a key or a database that is not there yet is not made, since the gateway may run as
 * another user than who looks. Something in memory stands in for it.
 */
export async function openPartsToLook(environment: Environment): Promise<Parts & { notYet: NotYet }> {
  const startup = parseStartup(environment)
  const notYet = findMissing(startup)
  const standIn = [Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_SIZE_BYTES)))]
  const source = keySource(startup)
  const parts = await openOver(environment, {
    startup,
    loadKeys: () => (notYet.secretKey === undefined ? loadSecretKeys(source) : standIn),
    open: () =>
      openStores(notYet.store === undefined ? startup : { ...startup, accountLocalPath: ':memory:' }),
  })
  return { ...parts, notYet }
}

function findMissing({ dataDir, secretKey, accountStorage, accountLocalPath }: StartupOptions): NotYet {
  const unlessThere = (path: string): string | undefined => (existsSync(path) ? undefined : path)
  return {
    secretKey: secretKey === undefined ? unlessThere(secretKeyPath(dataDir)) : undefined,
    store: accountStorage === 'local' ? unlessThere(accountLocalPath) : undefined,
  }
}

interface Openers {
  readonly startup: StartupOptions
  readonly loadKeys: () => readonly Buffer[]
  readonly open: (startup: StartupOptions) => Promise<Stores>
}

async function openOver(environment: Environment, { startup, loadKeys, open }: Openers): Promise<Parts> {
  const box = new SecretBox(loadKeys)
  const stores = await open(startup)
  try {
    const settings = await SettingsService.open({ persistence: stores.settings, environment })
    const [sessionKey] = loadKeys()
    if (!sessionKey) throw new Error('there is no secret key')
    return { startup, settings, stores, box, sessionKey, worker: Number(environment[WORKER_VARIABLE] ?? 1) }
  } catch (error) {
    await stores.close()
    throw error
  }
}

/** The stores that `ACCOUNT_STORAGE` names; settings are kept in the same place, with `local` in a file beside it. */
export async function openStores(startup: StartupOptions): Promise<Stores> {
  const { accountStorage, accountMysqlUrl = '', accountPostgresqlUrl = '', accountRedisUrl = '' } = startup
  if (accountStorage === 'postgresql') {
    return openNamed('ACCOUNT_POSTGRESQL_URL', openPostgresStores(accountPostgresqlUrl, poolOptions(startup)))
  }
  if (accountStorage === 'mysql') {
    return openNamed('ACCOUNT_MYSQL_URL', openMysqlStores(accountMysqlUrl, poolOptions(startup)))
  }
  if (accountStorage === 'redis') return openNamed('ACCOUNT_REDIS_URL', openRedisStores(accountRedisUrl))
  return openLocal(startup)
}

async function openLocal(startup: StartupOptions): Promise<Stores> {
  const settings = new ConfigFile({ path: startup.configLocalPath })
  const { inFlight, ...stores } = await openSqliteStores(startup.accountLocalPath, { settings })
  // one process counts what is in flight in memory
  return startup.serverWorkers > 1 && inFlight ? { ...stores, inFlight } : stores
}

/** Says which variable is to blame; the messages below it never hold the address. */
async function openNamed(variable: string, opening: Promise<Stores>): Promise<Stores> {
  try {
    return await opening
  } catch (error) {
    throw new Error(`${variable} cannot be used`, { cause: error })
  }
}

function poolOptions(startup: StartupOptions): PoolOptions {
  return {
    size: startup.sqlPoolSize,
    maxOverflow: startup.sqlMaxOverflow,
    timeoutSeconds: startup.sqlPoolTimeoutSeconds,
    recycleSeconds: startup.sqlPoolRecycleSeconds,
  }
}

/** Where the keys are that credentials are sealed with. */
export function keySource({ dataDir, secretKey, oldSecretKey }: StartupOptions): SecretKeySource {
  return {
    dataDir,
    ...(secretKey !== undefined && { fromEnvironment: secretKey }),
    ...(oldSecretKey !== undefined && { oldFromEnvironment: oldSecretKey }),
  }
}

/** The box that credentials are sealed in. */
export function openBox(startup: StartupOptions): SecretBox {
  return new SecretBox(() => loadSecretKeys(keySource(startup)))
}
