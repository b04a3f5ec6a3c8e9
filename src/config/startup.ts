import { join } from 'node:path'
import type { z } from 'zod'
import type { Environment } from './raw-layers.ts'
import { startupVariables, type accountStorages } from './startup-variables.ts'

/** Where accounts are stored. */
export type AccountStorage = (typeof accountStorages)[number]

/** What is decided once, before anything is opened. */
export interface StartupOptions {
  readonly serverHost: string
  readonly serverPort: number
  readonly serverWorkers: number
  readonly dataDir: string
  readonly logDir: string
  readonly logLevel: Variables['LOG_LEVEL']
  readonly logFileEnabled: boolean
  readonly timeZone: string
  readonly accountStorage: AccountStorage
  readonly accountLocalPath: string
  readonly accountRedisUrl?: string
  readonly accountMysqlUrl?: string
  readonly accountPostgresqlUrl?: string
  readonly sqlPoolSize: number
  readonly sqlMaxOverflow: number
  readonly sqlPoolTimeoutSeconds: number
  readonly sqlPoolRecycleSeconds: number
  readonly accountSyncIntervalSeconds: number
  readonly accountSyncActiveIntervalSeconds: number
  readonly configLocalPath: string
  readonly secretKey?: string
  readonly oldSecretKey?: string
}

type Variables = z.output<typeof startupVariables>

/** The environment does not allow a start; lists every variable that is wrong, never a value. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  readonly faults: readonly { readonly variable: string; readonly message: string }[]

  constructor(faults: StartupError['faults']) {
    super(`Cannot start:\n${faults.map(({ variable, message }) => `  ${variable} ${message}`).join('\n')}`)
    this.faults = faults
  }
}

const SERVERLESS_MARKERS = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'FUNCTIONS_WORKER_RUNTIME'] as const

/** Reads the start-up variables; throws `StartupError` with every fault. An empty variable counts as absent. */
export function parseStartup(environment: Environment): StartupOptions {
  const given = Object.fromEntries(
    Object.keys(startupVariables.shape).flatMap((name) => {
      const value = environment[name]?.trim()
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
  const result = startupVariables.safeParse(given)
  const faults = [...(result.success ? [] : listFaults(result.error)), ...findMissingAddress(given)]
  if (!result.success || faults.length > 0) throw new StartupError(faults)
  return Object.freeze({
    ...nameServerOptions(result.data),
    ...nameStorageOptions(
      result.data,
      SERVERLESS_MARKERS.some((name) => environment[name] !== undefined),
    ),
  })
}

function listFaults(error: z.ZodError): StartupError['faults'] {
  return error.issues.map(({ path, message }) => ({ variable: path.join('.'), message }))
}

function findMissingAddress(given: Readonly<Record<string, string>>): StartupError['faults'] {
  const storage = given['ACCOUNT_STORAGE']?.toUpperCase() ?? 'LOCAL'
  const variable = `ACCOUNT_${storage}_URL`
  if (!(variable in startupVariables.shape) || given[variable] !== undefined) return []
  return [{ variable, message: `is required with ACCOUNT_STORAGE=${storage.toLowerCase()}` }]
}

function nameServerOptions(variables: Variables) {
  return {
    serverHost: variables.SERVER_HOST,
    serverPort: variables.SERVER_PORT,
    serverWorkers: variables.SERVER_WORKERS,
    dataDir: variables.DATA_DIR,
    logDir: variables.LOG_DIR,
    logLevel: variables.LOG_LEVEL,
    logFileEnabled: variables.LOG_FILE_ENABLED,
    timeZone: variables.TZ,
    configLocalPath: variables.CONFIG_LOCAL_PATH ?? join(variables.DATA_DIR, 'config.toml'),
    ...(variables.GROK2API_SECRET_KEY !== undefined && { secretKey: variables.GROK2API_SECRET_KEY }),
    ...(variables.GROK2API_SECRET_KEY_OLD !== undefined && {
      oldSecretKey: variables.GROK2API_SECRET_KEY_OLD,
    }),
  }
}

function nameStorageOptions(variables: Variables, isServerless: boolean) {
  const { ACCOUNT_REDIS_URL, ACCOUNT_MYSQL_URL, ACCOUNT_POSTGRESQL_URL } = variables
  return {
    accountStorage: variables.ACCOUNT_STORAGE,
    accountLocalPath: variables.ACCOUNT_LOCAL_PATH ?? join(variables.DATA_DIR, 'accounts.db'),
    ...(ACCOUNT_REDIS_URL !== undefined && { accountRedisUrl: ACCOUNT_REDIS_URL }),
    ...(ACCOUNT_MYSQL_URL !== undefined && { accountMysqlUrl: ACCOUNT_MYSQL_URL }),
    ...(ACCOUNT_POSTGRESQL_URL !== undefined && { accountPostgresqlUrl: ACCOUNT_POSTGRESQL_URL }),
    sqlPoolSize: variables.ACCOUNT_SQL_POOL_SIZE ?? (isServerless ? 1 : 5),
    sqlMaxOverflow: variables.ACCOUNT_SQL_MAX_OVERFLOW ?? (isServerless ? 2 : 10),
    sqlPoolTimeoutSeconds: variables.ACCOUNT_SQL_POOL_TIMEOUT,
    sqlPoolRecycleSeconds: variables.ACCOUNT_SQL_POOL_RECYCLE,
    accountSyncIntervalSeconds: variables.ACCOUNT_SYNC_INTERVAL,
    accountSyncActiveIntervalSeconds: variables.ACCOUNT_SYNC_ACTIVE_INTERVAL,
  }
}
