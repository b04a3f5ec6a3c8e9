import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createConnection } from 'mysql2/promise'
import { createClient } from 'redis'
import { moveIn } from '../src/accounts/move-in.ts'
import { moveInVersion2 } from '../src/cli/move-in.ts'
import { openStores } from '../src/cli/open-parts.ts'
import { parseStartup } from '../src/config/startup.ts'
import type { Account } from '../src/core/account.ts'
import { FIRST_CURSOR } from '../src/store/contract.ts'
import { openV2Source, readV2Accounts, type V2Source } from '../src/store/v2/v2-source.ts'
import { SecretBox } from '../src/util/secret-box.ts'

/*
 * A version 2 installation on each of its back ends (spec/control-plane.md §1.2, §3), written here as that version would.
 */

const NOW = 1_800_000_000_000
const RESET_AT = NOW + 3_600_000

interface OldRow {
  readonly [column: string]: string | number | null
}

const window = (remaining: number, total: number, more: object = {}): string =>
  JSON.stringify({
    remaining,
    total,
    window_seconds: 7200,
    reset_at: RESET_AT,
    synced_at: NOW - 1000,
    source: 1,
    ...more,
  })

const row = (token: string, changes: OldRow = {}): OldRow => ({
  token,
  pool: 'basic',
  status: 'active',
  tags: '[]',
  quota_auto: window(0, 0),
  quota_fast: window(12, 30, { window_seconds: 86_400 }),
  quota_expert: window(0, 0),
  quota_heavy: '',
  quota_grok_4_3: '',
  usage_use_count: 7,
  usage_fail_count: 2,
  last_use_at: NOW - 5000,
  state_reason: null,
  deleted_at: null,
  ext: '{}',
  revision: 3,
  ...changes,
})

const oldRows: readonly OldRow[] = [
  row('token-basic', { tags: '["nsfw","team"]' }),
  row('token-super', { pool: 'super', quota_auto: window(41, 50), quota_grok_4_3: window(9, 50) }),
  row('token-heavy', {
    pool: 'heavy',
    quota_heavy: window(20, 20, { reset_at: null, synced_at: null, source: 0 }),
  }),
  row('token-expired', { status: 'expired', state_reason: 'invalid_credentials' }),
  row('token-disabled', { status: 'disabled', state_reason: 'operator_disabled' }),
  row('token-cooling', { status: 'cooling', ext: JSON.stringify({ cooldown_until: NOW + 60_000 }) }),
  row('token-old-name', { pool: 'ssoSuper' }),
  row('token-deleted', { deleted_at: NOW }),
  row('<svg/onload=alert(1)>'),
  row('token-of-nowhere', { pool: 'platinum' }),
]

const columns = Object.keys(row('x'))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grok2api-v2-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function writeSqlite(path: string): string {
  const file = new Database(path, { create: true })
  file.run(
    `create table accounts (${columns.map((name) => (name === 'token' ? 'token text primary key' : name)).join(', ')})`,
  )
  const insert = file.query(`insert into accounts values (${columns.map(() => '?').join(', ')})`)
  for (const old of oldRows) insert.run(...columns.map((name) => old[name] ?? null))
  file.close()
  return path
}

async function writePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('drop table if exists accounts')
  await client.query(`create table accounts (${createColumns()})`)
  const places = columns.map((_, index) => `$${index + 1}`).join(', ')
  for (const old of oldRows)
    await client.query(
      `insert into accounts values (${places})`,
      columns.map((name) => old[name]),
    )
  await client.end()
}

async function writeMysql(url: string): Promise<void> {
  const connection = await createConnection({ uri: url })
  await connection.query('drop table if exists accounts')
  await connection.query(`create table accounts (${createColumns()})`)
  const places = columns.map(() => '?').join(', ')
  for (const old of oldRows)
    await connection.query(
      `insert into accounts values (${places})`,
      columns.map((name) => old[name]),
    )
  await connection.end()
}

function createColumns(): string {
  const isNumber = (name: string): boolean => /_count$|_at$|^revision$/.test(name)
  return columns
    .map((name) =>
      name === 'token' ? 'token varchar(512) primary key' : `${name} ${isNumber(name) ? 'bigint' : 'text'}`,
    )
    .join(', ')
}

async function writeRedis(url: string): Promise<void> {
  const client = createClient({ url })
  await client.connect()
  await client.flushAll()
  for (const old of oldRows) {
    const fields = Object.entries(old).map(([name, value]) => [name, value === null ? '' : String(value)])
    await client.hSet(`accounts:record:${old['token']}`, Object.fromEntries(fields))
  }
  await client.set('accounts:rev', '3')
  await client.close()
}

/** A database of its own on the server that the tests were given. */
async function freshDatabase(url: string, name: string): Promise<string> {
  const own = new URL(url)
  own.pathname = `/${name}`
  if (url.startsWith('postgres')) {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`drop database if exists ${name}`)
    await client.query(`create database ${name}`)
    await client.end()
  } else {
    const connection = await createConnection({ uri: url })
    await connection.query(`drop database if exists ${name}`)
    await connection.query(`create database ${name}`)
    await connection.end()
  }
  return own.href
}

const { TEST_POSTGRESQL_URL, TEST_MYSQL_URL, TEST_REDIS_URL } = process.env
const missing = (url: string | undefined, name: string): string =>
  url ? name : `${name} (skipped: no server is running)`

const backEnds: readonly (readonly [
  name: string,
  url: string | undefined,
  prepare: () => Promise<string>,
])[] = [
  ['SQLite', 'always', async () => writeSqlite(join(folder, `accounts-${Math.random()}.db`))],
  [
    'PostgreSQL',
    TEST_POSTGRESQL_URL,
    async () => {
      const url = await freshDatabase(TEST_POSTGRESQL_URL ?? '', 'old_version')
      await writePostgres(url)
      return url.replace('postgresql://', 'postgresql+asyncpg://')
    },
  ],
  [
    'MariaDB',
    TEST_MYSQL_URL,
    async () => {
      const url = await freshDatabase(TEST_MYSQL_URL ?? '', 'old_version')
      await writeMysql(url)
      return url.replace('mysql://', 'mysql+aiomysql://')
    },
  ],
  [
    'Redis',
    TEST_REDIS_URL,
    async () => {
      const url = `${TEST_REDIS_URL}/7`
      await writeRedis(url)
      return url
    },
  ],
]

async function readSource(place: string) {
  const source: V2Source = await openV2Source(place)
  const content = await readV2Accounts(source)
  await source.close()
  return content
}

async function moveInto(
  dataDir: string,
  place: string,
): Promise<{ report: Awaited<ReturnType<typeof moveIn>>; accounts: readonly Account[]; box: SecretBox }> {
  const stores = await openStores(parseStartup({ DATA_DIR: dataDir }))
  const box = new SecretBox(() => [Buffer.alloc(32, 1)])
  const { accounts: old } = await readSource(place)
  const report = await moveIn({ store: stores.accounts, box, now: () => NOW }, old)
  const { accounts } = await stores.accounts.changesSince(FIRST_CURSOR, 100)
  await stores.close()
  return { report, accounts, box }
}

for (const [name, url, prepare] of backEnds) {
  describe.skipIf(!url)(`version 2 on ${missing(url, name)}`, () => {
    test('moves in completely: state with its reason, windows, counts, tags', async () => {
      const { report, accounts, box } = await moveInto(join(folder, name), await prepare())
      expect(report.added).toBe(7)
      expect(report.faults.map(({ reason }) => reason).toSorted()).toEqual([
        'is in the pool platinum, which there is not',
        expect.stringContaining('angle brackets'),
      ])
      const byToken = new Map(
        accounts.map((account) => [box.open(account.sealedCredential, account.credentialHash), account]),
      )
      expect(byToken.get('token-basic')).toMatchObject({
        tier: 'basic',
        tags: ['nsfw', 'team'],
        successCount: 7,
        failureCount: 2,
        lastUsedAt: NOW - 5000,
        quota: {
          fast: { remaining: 12, total: 30, windowSeconds: 86_400, resetAt: RESET_AT, source: 'real' },
        },
      })
      expect(byToken.get('token-super')?.quota['grok-420-computer-use-sa']).toMatchObject({
        remaining: 9,
        total: 50,
      })
      expect(byToken.get('token-heavy')?.quota.heavy).toMatchObject({
        remaining: 20,
        resetAt: null,
        source: 'default',
      })
      const states = [...byToken].map(([token, { state, tier }]) => `${token} ${tier} ${state.status}`)
      expect(states.toSorted()).toEqual([
        'token-basic basic active',
        'token-cooling basic cooling',
        'token-disabled basic disabled',
        'token-expired basic needs-login',
        'token-heavy heavy active',
        'token-old-name super active',
        'token-super super active',
      ])
      expect(byToken.get('token-expired')?.state).toMatchObject({
        cause: { evidence: expect.stringContaining('invalid_credentials') },
      })
    })

    test('is moved in once, however often it is done', async () => {
      const place = await prepare()
      const dataDir = join(folder, `${name}-twice`)
      await moveInto(dataDir, place)
      const { report } = await moveInto(dataDir, place)
      expect(report).toMatchObject({ added: 0, existing: 7 })
    })
  })
}

test('the source file is left as it was, and a dry run writes nothing anywhere', async () => {
  const path = writeSqlite(join(folder, 'untouched.db'))
  const before = await stat(path)
  const dataDir = join(folder, 'dry')
  expect(await moveInVersion2({ from: path, dryRun: true }, { DATA_DIR: dataDir })).toBe(1)
  expect((await stat(path)).mtimeMs).toBe(before.mtimeMs)
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
})

test("the old config.toml's settings are taken over, unknown ones are named", async () => {
  const path = join(folder, 'old.toml')
  await writeFile(
    path,
    '[app]\napi_key = "sk-old"\n[features]\nthinking = false\nno_such = 1\n[proxy]\nuser_agent = "UA/1"\n',
  )
  const environment = { DATA_DIR: join(folder, 'settings') }
  await moveInVersion2({ config: path, dryRun: false }, environment)
  const stores = await openStores(parseStartup(environment))
  const { values } = await stores.settings.load()
  await stores.close()
  expect(values).toMatchObject({ app: { api_key: ['sk-old'] }, features: { thinking: false } })
  expect(await Bun.file(path).text()).toContain('no_such')
})

test.each([
  ['/no/such/file.db', 'there is no file'],
  ['mongodb://x', 'is not a back end of version 2'],
  ['redis://127.0.0.1:9', 'cannot be reached'],
  ['postgresql://u:secret@127.0.0.1:9/x', 'cannot be opened'],
])('%s is refused by a message that holds no password', async (place, message) => {
  const opening = openV2Source(place)
  await expect(opening).rejects.toThrow(message)
  await expect(opening).rejects.not.toThrow('secret')
})
