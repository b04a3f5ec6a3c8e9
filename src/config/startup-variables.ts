import { z } from 'zod'
import { logLevels } from './schema/access.ts'

/** What the documentation says of one start-up variable. */
export interface StartupVariableInfo {
  readonly description: string
  /** As written in the documentation; empty for none. */
  readonly default: string
  readonly unit?: string
}

const PORT_LIMIT = 65_535
const WORKERS_LIMIT = 64
const POOL_LIMIT = 1_000
const LONGEST_SECONDS = 86_400
const SHORTEST_SECRET = 16

/** Ties each start-up variable to its description. */
export const startupVariableInfo = z.registry<StartupVariableInfo>()

/** The back ends that accounts can be stored in. */
export const accountStorages = ['local', 'redis', 'mysql', 'postgresql'] as const

/** Every variable that is read once at start; each value is text or absent, and empty counts as absent. */
export const startupVariables = z.object({
  SERVER_HOST: text('Address the server listens on.', '0.0.0.0'),
  SERVER_PORT: integer(
    { fallback: 8_000, minimum: 0, maximum: PORT_LIMIT },
    'Port the server listens on; 0 takes a free one.',
  ),
  SERVER_WORKERS: integer({ fallback: 1, minimum: 1, maximum: WORKERS_LIMIT }, 'Server processes.'),
  DATA_DIR: text('Folder of the accounts, the stored media and the stored settings.', './data'),
  LOG_DIR: text('Folder of the log files.', './logs'),
  LOG_LEVEL: logLevel(),
  LOG_FILE_ENABLED: truth(true, 'Write log files.'),
  TZ: timeZone(),
  ACCOUNT_STORAGE: storage(),
  ACCOUNT_LOCAL_PATH: optionalText('SQLite file of the local storage.', '${DATA_DIR}/accounts.db'),
  ACCOUNT_REDIS_URL: dsn(['redis', 'rediss'], 'Address of Redis; required with ACCOUNT_STORAGE=redis.'),
  ACCOUNT_MYSQL_URL: dsn(
    ['mysql', 'mariadb'],
    'Address of MySQL or MariaDB; required with ACCOUNT_STORAGE=mysql.',
  ),
  ACCOUNT_POSTGRESQL_URL: dsn(
    ['postgresql', 'postgres', 'pgsql'],
    'Address of PostgreSQL; required with ACCOUNT_STORAGE=postgresql.',
  ),
  ACCOUNT_SQL_POOL_SIZE: optionalInteger(
    { minimum: 1, maximum: POOL_LIMIT },
    'Database connections kept open.',
    '5 (1 on serverless platforms)',
  ),
  ACCOUNT_SQL_MAX_OVERFLOW: optionalInteger(
    { minimum: 0, maximum: POOL_LIMIT },
    'Further database connections under load.',
    '10 (2 on serverless platforms)',
  ),
  ACCOUNT_SQL_POOL_TIMEOUT: seconds(30, 'Longest wait for a free database connection.'),
  ACCOUNT_SQL_POOL_RECYCLE: seconds(1_800, 'Age at which a database connection is replaced.'),
  ACCOUNT_SYNC_INTERVAL: seconds(30, 'Time between two looks for account changes while nothing changes.'),
  ACCOUNT_SYNC_ACTIVE_INTERVAL: seconds(3, 'Time between two looks for account changes after one was seen.'),
  CONFIG_LOCAL_PATH: optionalText('File of the stored settings.', '${DATA_DIR}/config.toml'),
  GROK2API_SECRET_KEY: secretKey(
    'Secret from which the key is derived that encrypts account credentials at rest; empty keeps one in a file in DATA_DIR.',
  ),
  GROK2API_SECRET_KEY_OLD: secretKey(
    'The secret before, while `keys rotate` has not put everything under the new one.',
  ),
})

function describe<Type extends z.ZodType>(type: Type, info: StartupVariableInfo): Type {
  startupVariableInfo.add(type, info)
  return type
}

function text(description: string, fallback: string) {
  return describe(z.string().default(fallback), { description, default: fallback })
}

function optionalText(description: string, fallback: string) {
  return describe(z.string().optional(), { description, default: fallback })
}

function wholeNumber(minimum: number, maximum: number) {
  const problem = `must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .refine((value) => /^\d{1,9}$/.test(value), { error: problem, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error: problem })
}

function integer(
  { fallback, minimum, maximum }: { fallback: number; minimum: number; maximum: number },
  description: string,
) {
  const type = wholeNumber(minimum, maximum)
    .optional()
    .transform((value) => value ?? fallback)
  return describe(type, { description, default: String(fallback) })
}

function optionalInteger(
  { minimum, maximum }: { minimum: number; maximum: number },
  description: string,
  fallback: string,
) {
  return describe(wholeNumber(minimum, maximum).optional(), { description, default: fallback })
}

function seconds(fallback: number, description: string) {
  const type = wholeNumber(1, LONGEST_SECONDS)
    .optional()
    .transform((value) => value ?? fallback)
  return describe(type, { description, default: String(fallback), unit: 'seconds' })
}

function truth(fallback: boolean, description: string) {
  const words: Readonly<Record<string, boolean>> = {
    true: true,
    yes: true,
    on: true,
    1: true,
    false: false,
    no: false,
    off: false,
    0: false,
  }
  const type = z
    .string()
    .optional()
    .transform((value, context) => {
      const meant = value === undefined ? fallback : words[value.toLowerCase()]
      if (meant === undefined) context.addIssue({ code: 'custom', message: 'must be true or false' })
      return meant ?? fallback
    })
  return describe(type, { description, default: String(fallback) })
}

function logLevel() {
  const upper = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    const word = value.toUpperCase()
    return word === 'WARN' ? 'WARNING' : word
  }
  const type = z.preprocess(
    upper,
    z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('INFO'),
  )
  return describe(type, {
    description: `Lowest level written to the console: ${logLevels.join(', ')}.`,
    default: 'INFO',
  })
}

function storage() {
  const error = `must be one of ${accountStorages.join(', ')}`
  const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
  const type = z.preprocess(lower, z.enum(accountStorages, { error }).default('local'))
  return describe(type, {
    description: `Where accounts are stored: ${accountStorages.join(', ')}.`,
    default: 'local',
  })
}

function timeZone() {
  const fallback = 'Asia/Shanghai'
  // POSIX allows a colon before the name.
  const type = z
    .string()
    .transform((value) => value.replace(/^:/, ''))
    .refine(isTimeZone, { error: 'must be the name of a time zone, as Asia/Shanghai or UTC' })
    .optional()
    .transform((value) => value ?? fallback)
  return describe(type, { description: 'Time zone of the logs and of daily rotation.', default: fallback })
}

function dsn([scheme, ...aliases]: readonly [string, ...string[]], description: string) {
  const schemes = [scheme, ...aliases]
  // Earlier releases took SQLAlchemy addresses, which name a driver: postgresql+asyncpg://…
  const prefix = new RegExp(`^(${schemes.join('|')})(?:\\+\\w+)?://`, 'i')
  const canonical = (_: string, used: string): string =>
    `${scheme === 'redis' ? used.toLowerCase() : scheme}://`
  const type = z
    .string()
    .refine((value) => prefix.test(value) && URL.canParse(value), {
      error: `must be an address starting with ${schemes.map((name) => `${name}://`).join(' or ')}`,
    })
    .transform((value) => value.replace(prefix, canonical))
    .optional()
  return describe(type, { description, default: '' })
}

function secretKey(description: string) {
  const type = z
    .string()
    .min(SHORTEST_SECRET, { error: `must have at least ${SHORTEST_SECRET} characters` })
    .optional()
  return describe(type, { description, default: '' })
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false // the constructor throws for an unknown name: that is the answer
  }
}
