import { describe, expect, test } from 'bun:test'
import { parseStartup, StartupError } from './startup.ts'

describe('without variables', () => {
  test('everything is at its default', () => {
    expect(parseStartup({})).toEqual({
      serverHost: '0.0.0.0',
      serverPort: 8_000,
      serverWorkers: 1,
      dataDir: './data',
      logDir: './logs',
      logLevel: 'INFO',
      logFileEnabled: true,
      timeZone: 'Asia/Shanghai',
      accountStorage: 'local',
      accountLocalPath: 'data/accounts.db',
      sqlPoolSize: 5,
      sqlMaxOverflow: 10,
      sqlPoolTimeoutSeconds: 30,
      sqlPoolRecycleSeconds: 1_800,
      accountSyncIntervalSeconds: 30,
      accountSyncActiveIntervalSeconds: 3,
      configLocalPath: 'data/config.toml',
    })
  })

  test('empty ones count as absent', () => {
    const environment = { SERVER_PORT: '', TZ: ' ', ACCOUNT_REDIS_URL: '', GROK2API_SECRET_KEY: '' }
    expect(parseStartup(environment)).toEqual(parseStartup({}))
  })

  test('pools are small on serverless platforms', () => {
    const { sqlPoolSize, sqlMaxOverflow } = parseStartup({ VERCEL: '1' })
    expect([sqlPoolSize, sqlMaxOverflow]).toEqual([1, 2])
  })
})

test('values are read into their types, and the result is frozen', () => {
  const options = parseStartup({
    SERVER_PORT: '0',
    DATA_DIR: '/srv/data',
    LOG_LEVEL: 'warn',
    LOG_FILE_ENABLED: 'No',
    TZ: ':UTC',
    ACCOUNT_STORAGE: 'PostgreSQL',
    ACCOUNT_POSTGRESQL_URL: 'postgres+asyncpg://u:p@db/x?sslmode=require',
    ACCOUNT_SQL_MAX_OVERFLOW: '0',
    GROK2API_SECRET_KEY: 'sixteen characters',
  })
  expect(options).toMatchObject({
    serverPort: 0,
    accountLocalPath: '/srv/data/accounts.db',
    configLocalPath: '/srv/data/config.toml',
    logLevel: 'WARNING',
    logFileEnabled: false,
    timeZone: 'UTC',
    accountStorage: 'postgresql',
    accountPostgresqlUrl: 'postgresql://u:p@db/x?sslmode=require',
    sqlMaxOverflow: 0,
    secretKey: 'sixteen characters',
  })
  expect(Object.isFrozen(options)).toBe(true)
})

test.each([
  ['ACCOUNT_MYSQL_URL', 'mariadb://u:p@db/x', { accountMysqlUrl: 'mysql://u:p@db/x' }],
  ['ACCOUNT_POSTGRESQL_URL', 'pgsql://u:p@db/x', { accountPostgresqlUrl: 'postgresql://u:p@db/x' }],
  ['ACCOUNT_REDIS_URL', 'rediss://:p@cache:6380/1', { accountRedisUrl: 'rediss://:p@cache:6380/1' }],
])('%s takes %s', (name, value, expected) => {
  expect(parseStartup({ [name]: value })).toMatchObject(expected)
})

test('everything that is wrong is listed by name, and no value is repeated', () => {
  const environment = {
    SERVER_PORT: '70000',
    SERVER_WORKERS: 'many',
    LOG_LEVEL: 'loud',
    LOG_FILE_ENABLED: 'perhaps',
    TZ: 'Mars/Olympus',
    ACCOUNT_STORAGE: 'mysql',
    ACCOUNT_REDIS_URL: 'http://secret@host',
    GROK2API_SECRET_KEY: 'short-secret',
  }
  const error = catchError(() => parseStartup(environment))
  if (!(error instanceof StartupError)) throw new Error('the environment was accepted')
  const { faults, message } = error
  expect(faults.map(({ variable }) => variable)).toEqual([
    'SERVER_PORT',
    'SERVER_WORKERS',
    'LOG_LEVEL',
    'LOG_FILE_ENABLED',
    'TZ',
    'ACCOUNT_REDIS_URL',
    'GROK2API_SECRET_KEY',
    'ACCOUNT_MYSQL_URL',
  ])
  expect(message).toContain('SERVER_PORT must be a whole number from 0 to 65535')
  expect(message).toContain('ACCOUNT_MYSQL_URL is required with ACCOUNT_STORAGE=mysql')
  expect(message).not.toContain('secret@host')
  expect(message).not.toContain('short-secret')
})

test('an unknown storage is refused', () => {
  expect(() => parseStartup({ ACCOUNT_STORAGE: 'mongo' })).toThrow(
    'ACCOUNT_STORAGE must be one of local, redis, mysql, postgresql',
  )
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
