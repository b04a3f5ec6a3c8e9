import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountForTests } from '../../core/account-for-tests.ts'
import { checkClock } from './clock.ts'
import { checkDataFolder } from './data-folder.ts'
import { checkDrift } from './drift.ts'
import type { DoctorCheck } from './finding.ts'
import { checkProxies } from './proxies.ts'
import { checkPublicAddress } from './public-url.ts'
import { checkSecrets } from './secrets.ts'
import { checkSettings } from './settings.ts'
import { checkSolver } from './solver.ts'
import { checkStore } from './store.ts'

const look = async (check: DoctorCheck) => [await check.run(new AbortController().signal)].flat()

describe('the data folder', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctor-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is well when it can be written, and nothing is left in it', async () => {
    expect(await look(checkDataFolder(folder, []))).toMatchObject([
      { status: 'ok', input: `DATA_DIR ${folder}` },
    ])
    expect(await Array.fromAsync(new Bun.Glob('*').scan({ cwd: folder, dot: true }))).toEqual([])
  })

  test('that is not there is named with who needs it and how to give it', async () => {
    const [finding] = await look(checkDataFolder(join(folder, 'none'), []))
    expect(finding).toMatchObject({ status: 'fail', input: `DATA_DIR ${join(folder, 'none')}` })
    expect(finding?.nextStep).toContain('chown')
  })

  test.skipIf(process.getuid?.() === 0)('names a file in it that cannot be written', async () => {
    const path = join(folder, 'accounts.db')
    await writeFile(path, '')
    await chmod(path, 0o000)
    expect(await look(checkDataFolder(folder, [path]))).toMatchObject([{ status: 'fail', input: path }])
    await chmod(path, 0o600)
  })
})

test('a store that does not answer fails with its name; one without accounts asks for some', async () => {
  const stores = (ping: () => Promise<void>, accounts: number) =>
    ({ ping, accounts: { count: async () => accounts } }) as never
  const broken = () => Promise.reject(new Error('connection refused'))
  const well = () => Promise.resolve()
  expect(await look(checkStore(stores(broken, 0), 'mysql'))).toMatchObject([
    {
      status: 'fail',
      input: 'ACCOUNT_STORAGE mysql',
      message: expect.stringContaining('connection refused'),
    },
  ])
  expect(await look(checkStore(stores(well, 0), 'local'))).toMatchObject([{ status: 'warn' }])
  expect(await look(checkStore(stores(well, 3), 'local'))).toMatchObject([{ status: 'ok' }])
})

test('secrets under another key are counted and named; an open API is a warning', async () => {
  const accounts = [accountForTests({ id: 1 }), accountForTests({ id: 2, sealedCredential: 'foreign' })]
  const openSecret = (sealed: string): string => {
    if (sealed === 'foreign') throw new Error('another key')
    return 'token'
  }
  const parts = { accounts: async () => accounts, openSecret, apiKeys: () => [''] }
  expect(await look(checkSecrets(parts))).toMatchObject([
    { status: 'fail', message: expect.stringContaining('accounts 2') },
    { status: 'warn', input: 'app.api_key' },
  ])
})

test('a setting that was passed over is named, so that it can be saved or reset', async () => {
  const warnings = [{ key: 'chat.timeout', message: 'is no number; the default is in force' }]
  expect(await look(checkSettings(() => warnings))).toMatchObject([
    { status: 'warn', setting: 'chat.timeout' },
  ])
})

test.each([
  [0, 'ok'],
  [90, 'warn'],
  [-3600, 'fail'],
] as const)('a clock that is %i seconds ahead is %s', async (ahead, status) => {
  const probe = async () => ({ status: 200, answeredAt: 1_000_000_000 })
  expect(await look(checkClock(() => 1_000_000_000 + ahead * 1000, probe))).toMatchObject([{ status }])
})

test('the public address: a fault names the setting, none is a warning, and no gateway is not its fault', async () => {
  const check = (found: object) =>
    look(checkPublicAddress(async () => ({ message: 'm', problem: null, ...found })))
  expect(await check({ problem: 'dns' })).toMatchObject([{ status: 'fail', setting: 'app.app_url' }])
  expect(await check({ problem: 'not_set' })).toMatchObject([{ status: 'warn' }])
  expect(await check({ notRunning: true })).toMatchObject([{ status: 'skipped' }])
})

describe('the proxies', () => {
  const check = (addresses: readonly string[]) =>
    look(
      checkProxies({
        proxies: () => addresses.map((address) => ({ address, setting: 'proxy.egress.proxy_pool' })),
        lastFailure: () => undefined,
        testWayOut: (proxyUrl) =>
          proxyUrl.includes('bad') ? Promise.reject(new Error('x')) : Promise.resolve(),
      }),
    )

  test('are tried each, and named without their passwords', async () => {
    const found = await check(['http://u:hidden@good.test:1', 'socks5://u:hidden@bad.test:2'])
    expect(found.map(({ status }) => status)).toEqual(['ok', 'fail'])
    expect(JSON.stringify(found)).toContain('bad.test:2')
    expect(JSON.stringify(found)).not.toContain('hidden')
  })

  test('that cannot be read, or are missing, are told with their setting', async () => {
    expect(await check(['ftp://x.test', ''])).toMatchObject([
      { status: 'fail', setting: 'proxy.egress.proxy_pool' },
      { status: 'fail', setting: 'proxy.egress.mode' },
    ])
  })
})

describe('the solver', () => {
  const settings = { mode: 'flaresolverr', cookies: '', solverUrl: 'http://solver.test:8191/v1' } as const
  const check = (clearance: object, fetch: () => Promise<Response>) =>
    look(checkSolver({ clearance: () => ({ ...settings, ...clearance }), fetch }))

  test('is asked whether it is there when the mode uses it', async () => {
    expect(await check({}, async () => new Response('{}'))).toMatchObject([{ status: 'ok' }])
    const setting = 'proxy.clearance.flaresolverr_url'
    expect(await check({}, async () => new Response('', { status: 500 }))).toMatchObject([
      { status: 'fail', setting },
    ])
    expect(await check({}, () => Promise.reject(new Error('refused')))).toMatchObject([
      { status: 'fail', setting },
    ])
    expect(await check({ solverUrl: '' }, async () => new Response())).toMatchObject([
      { status: 'fail', setting },
    ])
  })

  test('pasted cookies must hold a clearance; without a mode there is nothing to look at', async () => {
    const fetch = () => Promise.reject(new Error('not asked'))
    expect(await check({ mode: 'manual', cookies: 'a=1; cf_clearance=x' }, fetch)).toMatchObject([
      { status: 'ok' },
    ])
    expect(await check({ mode: 'manual', cookies: 'a=1' }, fetch)).toMatchObject([
      { status: 'warn', setting: 'proxy.clearance.cf_cookies' },
    ])
    expect(await check({ mode: 'none' }, fetch)).toMatchObject([{ status: 'skipped' }])
  })
})

test('unknown frames are a warning with their kinds', async () => {
  const counts = [{ kind: 'chat: field shiny', count: 7, firstAt: 0, lastAt: 1 }]
  expect(await look(checkDrift(() => counts))).toMatchObject([
    { status: 'warn', reason: 'protocol-drift', message: expect.stringContaining('chat: field shiny (7)') },
  ])
  expect(await look(checkDrift(() => []))).toMatchObject([{ status: 'ok' }])
})
