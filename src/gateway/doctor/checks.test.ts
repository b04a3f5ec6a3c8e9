import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountForTests } from '../../core/account-for-tests.ts'
import { GatewayError } from '../../core/error.ts'
import { checkClock } from './clock.ts'
import { checkDataFolder } from './data-folder.ts'
import { checkDrift } from './drift.ts'
import { checkEdge } from './edge.ts'
import type { DoctorCheck } from './finding.ts'
import { listOwnProxies } from './list-proxies.ts'
import { checkProxies, type NamedProxy } from './proxies.ts'
import { checkPublicAddress } from './public-url.ts'
import { checkSecrets } from './secrets.ts'
import { checkSettings, type SettingWarning } from './settings.ts'
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

  test.each([
    ['ENOSPC', 'make room', 'cache.local.video_max_mb'],
    ['EROFS', 'read-only', undefined],
  ])('says what helps against %s, and takes its own file away again', async (code, nextStep, setting) => {
    const write = async (path: string): Promise<void> => {
      await writeFile(path, '')
      throw Object.assign(new Error(code), { code })
    }
    const [finding] = await look(checkDataFolder(folder, [], write))
    expect(finding).toMatchObject({ status: 'fail' })
    expect(finding?.nextStep).toContain(nextStep)
    expect(finding?.nextStep).not.toContain('chown')
    expect(finding?.setting).toBe(setting)
    expect(await Array.fromAsync(new Bun.Glob('*').scan({ cwd: folder, dot: true }))).toEqual([])
  })

  test('names a file that cannot even be looked for', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    const key = join(path, 'secret.key')
    expect(await look(checkDataFolder(folder, [{ path: key, need: 'read' }]))).toMatchObject([
      { status: 'fail', input: key },
    ])
    await rm(path)
  })

  test('below a file is a wrong path, not one of another owner', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    const [finding] = await look(checkDataFolder(join(path, 'data'), []))
    await rm(path)
    expect(finding?.nextStep).toContain('correct the path')
  })

  test.skipIf(process.getuid?.() === 0)('names a file in it that cannot be used', async () => {
    const path = join(folder, 'accounts.db')
    await writeFile(path, '')
    await chmod(path, 0o000)
    expect(await look(checkDataFolder(folder, [{ path, need: 'write' }]))).toMatchObject([
      { status: 'fail', input: path },
    ])
    await chmod(path, 0o600)
  })
})

test('a store that does not answer fails with its name; one without accounts asks for some', async () => {
  const stores = (ping: () => Promise<void>, accounts: number) =>
    ({ ping, accounts: { count: async () => accounts } }) as never
  const broken = () => Promise.reject(new Error('connection refused'))
  const well = () => Promise.resolve()
  expect(await look(checkStore(stores(broken, 0), { storageType: 'mysql' }))).toMatchObject([
    {
      status: 'fail',
      input: 'ACCOUNT_STORAGE mysql',
      message: expect.stringContaining('connection refused'),
    },
  ])
  const local = { storageType: 'local' }
  expect(await look(checkStore(stores(well, 0), local))).toMatchObject([{ status: 'warn' }])
  expect(await look(checkStore(stores(well, 3), local))).toMatchObject([{ status: 'ok' }])
  const notYet = '/data/accounts.db'
  expect(await look(checkStore(stores(well, 0), { ...local, notYet }))).toMatchObject([
    { status: 'warn', input: notYet, message: expect.stringContaining('the first start makes it') },
  ])
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

describe('before the first start', () => {
  const parts = { accounts: async () => [], openSecret: () => 'token', apiKeys: () => ['key'] }

  test('nothing is said to be open: the start makes the keys', async () => {
    const found = await look(
      checkSecrets({ ...parts, apiKeys: () => 'made-at-start', keyNotYet: '/data/secret.key' }),
    )
    expect(found).toMatchObject([
      { status: 'ok', message: '/data/secret.key is not there yet: the first start makes it.' },
      { status: 'ok', message: expect.stringContaining('the next start makes one') },
    ])
  })

  test('keys that were saved and cannot be read are not said to be missing', async () => {
    const [, finding] = await look(checkSecrets({ ...parts, apiKeys: () => 'unreadable' }))
    expect(finding).toMatchObject({ status: 'skipped', message: expect.stringContaining('cannot be read') })
  })
})

test('secrets of a store that does not answer are not said to be lost', async () => {
  const accounts = () => Promise.reject(new Error('refused'))
  const parts = { accounts, openSecret: () => '', apiKeys: () => ['key'] }
  expect(await look(checkSecrets(parts))).toMatchObject([{ status: 'skipped' }, { status: 'ok' }])
})

describe('the settings', () => {
  const warn = async (key: string, of: SettingWarning['of']) => {
    const warnings = [{ key, message: 'is wrong', of }]
    const [finding] = await look(checkSettings(() => ({ warnings, unreadable: undefined })))
    return finding
  }

  test.each([
    ['chat.timeout', 'value', 'return it to its default'],
    ['chat.timeuot', 'name', 'Remove it with a reset'],
  ] as const)('name %s, which a reset clears', async (key, of, nextStep) => {
    expect(await warn(key, of)).toMatchObject({
      status: 'warn',
      setting: key,
      nextStep: expect.stringContaining(nextStep),
    })
  })

  test.each([
    ['GROK_CHAT_TIMEUOT', 'environment', 'environment variable'],
    ['app.app_key', 'secret', 'Save a new value'],
    ['app.webui_key', 'default', 'Save a value'],
  ] as const)('name %s with what to do, since no reset clears it', async (key, of, nextStep) => {
    const finding = await warn(key, of)
    expect(finding).toMatchObject({ input: key, nextStep: expect.stringContaining(nextStep) })
    expect(finding?.setting).toBeUndefined()
  })

  test('that cannot be read are a failure that names the place', async () => {
    const unreadable = { place: '/data/config.toml', message: 'cannot be read' }
    const [finding] = await look(checkSettings(() => ({ warnings: [], unreadable })))
    expect(finding).toMatchObject({ status: 'fail', input: '/data/config.toml' })
    expect(finding?.setting).toBeUndefined()
  })
})

test.each([
  [0, 'ok'],
  [90, 'warn'],
  [-3600, 'fail'],
] as const)('a clock that is %i seconds ahead is %s', async (ahead, status) => {
  const probe = async () => ({ status: 200, answeredAt: 1_000_000_000 })
  expect(await look(checkClock(() => 1_000_000_000 + ahead * 1000, probe))).toMatchObject([{ status }])
})

test('a clock that nobody tells the time for is not held to be wrong', async () => {
  const silent = () => new Promise<never>(() => undefined)
  expect(await look(checkClock(() => 0, silent, 0.01))).toMatchObject([{ status: 'skipped' }])
})

describe('the edge', () => {
  const check = (probe: () => Promise<never>, usesSolver = false) =>
    checkEdge({
      baseUrl: () => 'https://user:hidden@upstream.test',
      settingFor: (_, reason) => `setting of ${reason}`,
      usesSolver: () => usesSolver,
      probe,
    })

  test('is named without a user or a password', async () => {
    const refused = new GatewayError('upstream_unavailable', 'x', { reason: 'dns' })
    expect(await look(check(() => Promise.reject(refused)))).toMatchObject([
      { status: 'fail', input: 'upstream.base_url https://upstream.test/', setting: 'setting of dns' },
    ])
  })

  test('that waits for FlareSolverr says so when it does not end', () => {
    const { subject } = check(() => new Promise(() => undefined), true)
    expect(subject?.()).toMatchObject({
      input: 'upstream.base_url https://upstream.test/',
      nextStep: expect.stringContaining('FlareSolverr'),
    })
  })
})

test('the public address: a fault names the setting, none is a warning, and no gateway is not its fault', async () => {
  const check = (found: object) =>
    look(checkPublicAddress(async () => ({ message: 'm', problem: null, ...found })))
  expect(await check({ problem: 'dns' })).toMatchObject([{ status: 'fail', setting: 'app.app_url' }])
  expect(await check({ problem: 'not_set' })).toMatchObject([{ status: 'warn' }])
  expect(await check({ notRunning: true })).toMatchObject([{ status: 'skipped' }])
})

describe('the proxies', () => {
  const name = 'proxy.egress.proxy_pool'
  const check = (addresses: readonly string[], own: readonly NamedProxy[] = []) =>
    look(
      checkProxies({
        proxies: () => addresses.map((address) => ({ address, name, setting: name })),
        ownProxies: async () => own,
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

  test('of accounts are tried as well, and named by their account', async () => {
    const accounts = [
      accountForTests({ id: 1, sealedProxyUrl: 'http://u:hidden@bad.test:1' }),
      accountForTests({ id: 2 }),
      accountForTests({ id: 3, sealedProxyUrl: 'foreign' }),
      accountForTests({ id: 4, sealedProxyUrl: 'http://u:hidden@bad.test:1' }),
    ]
    const own = listOwnProxies(accounts, (sealed) => {
      if (sealed === 'foreign') throw new Error('another key')
      return sealed
    })
    const found = await check([], own)
    expect(found).toMatchObject([{ status: 'fail', input: 'proxy of accounts 1, 4 http://bad.test:1' }])
    expect(found[0]?.setting).toBeUndefined()
    expect(JSON.stringify(found)).not.toContain('hidden')
  })

  test('are tried up to a number, and the others are told', async () => {
    const found = await check(Array.from({ length: 103 }, (_, index) => `http://good-${index}.test:1`))
    expect(found).toHaveLength(101)
    expect(found.at(-1)).toMatchObject({ status: 'skipped', message: '3 more proxies were not tried.' })
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
  const check = (clearance: object, ask: () => Promise<string>) =>
    look(checkSolver({ clearance: () => ({ ...settings, ...clearance }), ask }))

  test('is asked whether it is there when the mode uses it', async () => {
    expect(await check({}, async () => '3.4.6')).toMatchObject([
      { status: 'ok', message: 'FlareSolverr 3.4.6 answers.' },
    ])
    const setting = 'proxy.clearance.flaresolverr_url'
    expect(await check({}, () => Promise.reject(new Error('refused')))).toMatchObject([
      { status: 'fail', setting },
    ])
    expect(await check({ solverUrl: '' }, async () => '3.4.6')).toMatchObject([
      { status: 'fail', setting: 'proxy.clearance.mode' },
    ])
  })

  test('pasted cookies must hold a clearance; without a mode there is nothing to look at', async () => {
    const ask = () => Promise.reject(new Error('not asked'))
    expect(await check({ mode: 'manual', cookies: 'a=1; cf_clearance=x' }, ask)).toMatchObject([
      { status: 'ok' },
    ])
    expect(await check({ mode: 'manual', cookies: 'a=1' }, ask)).toMatchObject([
      { status: 'warn', setting: 'proxy.clearance.cf_cookies' },
    ])
    expect(await check({ mode: 'none' }, ask)).toMatchObject([{ status: 'skipped' }])
  })
})

test('unknown frames are a warning with their kinds', async () => {
  const counts = [{ kind: 'chat: field shiny', count: 7, firstAt: 0, lastAt: 1 }]
  expect(await look(checkDrift(() => counts))).toMatchObject([
    { status: 'warn', reason: 'protocol-drift', message: expect.stringContaining('chat: field shiny (7)') },
  ])
  expect(await look(checkDrift(() => []))).toMatchObject([{ status: 'ok' }])
})
