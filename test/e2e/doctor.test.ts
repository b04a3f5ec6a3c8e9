import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { settingDefinitions } from '../../src/config/definitions.ts'
import { reasonRules } from '../../src/core/reason.ts'
import { checkNames } from '../../src/gateway/doctor/finding.ts'
import { askAdmin } from '../harness/admin.ts'
import { runCommand } from '../harness/command.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { readSse } from '../harness/sse.ts'

const ADMIN = 'admin-test'

/** Commands start a process each, which a busy machine takes its time for. */
const COMMAND_TEST_MS = 60_000

interface Finding {
  readonly check: string
  readonly status: string
  readonly message: string
  readonly input: string | null
  readonly next_step: string | null
  readonly setting: string | null
  readonly reason: string | null
}

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function open(environment: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startGateway({ environment })
  stops.push(() => gateway.stop())
  return gateway
}

/** A gateway whose upstream is known to the test, so that a command can be told of it. */
async function openOverUpstream() {
  const started = startEmulator()
  stops.push(() => started.stop())
  const emulator = createEmulatorControl(started.url)
  await emulator.setAccounts([
    { token: 'token-basic', tier: 'basic' },
    { token: 'token-super', tier: 'super' },
    { token: 'token-heavy', tier: 'heavy' },
  ])
  const gateway = await open({ GROK_UPSTREAM_BASE_URL: started.url })
  return { gateway, emulator, upstream: started.url }
}

async function askDoctor(gateway: TestGateway, body: object = {}) {
  const response = await askAdmin(gateway.url, ADMIN, { path: '/doctor', body })
  expect(response.status).toBe(200)
  return readJson<{ ok: boolean; findings: readonly Finding[] }>(response)
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'grok2api-doctor-'))
  stops.push(() => rm(folder, { recursive: true }))
  return folder
}

/** A command on a folder of its own, with an upstream that is not there. */
const commandIn = (folder: string) => ({ DATA_DIR: folder, GROK_UPSTREAM_BASE_URL: 'http://127.0.0.1:9' })

const readFindings = ({ output }: { readonly output: string }): readonly Finding[] =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

async function resetAll(gateway: TestGateway, keys: readonly string[]) {
  const response = await askAdmin(gateway.url, ADMIN, { path: '/config/reset', body: { keys } })
  return [response.status, await response.text()]
}

const statusOf = (findings: readonly Finding[], check: string) =>
  findings.filter((finding) => finding.check === check).map(({ status }) => status)

describe('POST /admin/api/doctor', () => {
  test('looks at everything in order, and finds a well gateway well', async () => {
    const gateway = await open()
    const { ok, findings } = await askDoctor(gateway)
    expect(ok).toBe(true)
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([...checkNames])
    for (const check of [
      'data-folder',
      'store',
      'settings',
      'clock',
      'edge',
      'session',
      'quota',
      'chat',
      'drift',
    ])
      expect([check, ...statusOf(findings, check)]).toEqual([check, 'ok'])
  })

  test('tries the account that is named, and spends nothing when no chat is wanted', async () => {
    const gateway = await open()
    const { findings } = await askDoctor(gateway, { account_id: 3, chat: false })
    expect(findings.find(({ check }) => check === 'session')?.input).toStartWith('account 3 (heavy')
    expect(statusOf(findings, 'chat')).toEqual(['skipped'])
    expect(await gateway.emulator.requests({ path: '/rest/app-chat/*' })).toHaveLength(0)
    const missing = await askDoctor(gateway, { account_id: 99 })
    expect(missing.ok).toBe(false)
    expect(missing.findings.find(({ check }) => check === 'account')?.message).toBe('There is no account 99.')
    expect(statusOf(missing.findings, 'session')).toEqual(['skipped'])
  })

  test("tries an account's own proxy, and blames it instead of the settings", async () => {
    const gateway = await open()
    const body = { id: 2, proxy_url: 'http://user:hidden-word@127.0.0.1:9' }
    const edited = await askAdmin(gateway.url, ADMIN, { path: '/tokens/edit', method: 'PUT', body })
    expect(edited.status).toBe(200)
    const { findings } = await askDoctor(gateway, { account_id: 2 })
    expect(findings.filter(({ status }) => status === 'fail')).toMatchObject([
      { check: 'proxy', input: 'proxy of account 2 http://127.0.0.1:9', reason: 'proxy', setting: null },
      ...['session', 'quota', 'chat'].map((check) => ({
        check,
        input: 'account 2 (super) through its own proxy http://127.0.0.1:9',
        reason: 'proxy',
        setting: null,
      })),
    ])
    expect(JSON.stringify(findings)).not.toContain('hidden-word')
  })

  test('tells each finding at once to whoever reads an event stream, and the verdict at the end', async () => {
    const gateway = await open()
    const response = await fetch(`${gateway.url}/admin/api/doctor`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ADMIN}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: '{"chat":false}',
    })
    const { events } = await readSse(response)
    const told = events.map(({ data }) => JSON.parse(data))
    expect(told.at(-1)).toEqual({ type: 'done', ok: true })
    expect(told.slice(0, -1).every(({ type }) => type === 'finding')).toBe(true)
    expect(told[0]).toMatchObject({ check: 'data-folder', status: 'ok' })
  })

  test('asks for the admin password, and refuses what it does not know by name', async () => {
    const gateway = await open()
    expect((await askAdmin(gateway.url, 'wrong', { path: '/doctor', body: {} })).status).toBe(401)
    const response = await askAdmin(gateway.url, ADMIN, { path: '/doctor', body: { account_id: 'x' } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { fields: [{ key: 'account_id' }] } })
  })

  test('names the faulty inputs: a proxy, a solver, a public address, an edge that is not there', async () => {
    const gateway = await open({
      GROK_PROXY_EGRESS_MODE: 'proxy_pool',
      GROK_PROXY_EGRESS_PROXY_POOL: 'http://user:hidden-word@127.0.0.1:9,socks5://127.0.0.1:9',
      GROK_PROXY_CLEARANCE_MODE: 'flaresolverr',
      GROK_PROXY_CLEARANCE_FLARESOLVERR_URL: 'http://127.0.0.1:9',
      GROK_APP_APP_URL: 'http://127.0.0.1:9',
    })
    const { ok, findings } = await askDoctor(gateway)
    expect(ok).toBe(false)
    const failed = findings.filter(({ status }) => status === 'fail')
    expect(failed).toMatchObject([
      { check: 'public-url', input: 'app.app_url' },
      { check: 'proxy', reason: 'proxy', input: expect.stringContaining('127.0.0.1:9') },
      { check: 'proxy', reason: 'proxy', input: expect.stringContaining('socks5h://127.0.0.1:9') },
      { check: 'solver', input: expect.stringContaining('proxy.clearance.flaresolverr_url') },
      { check: 'edge', reason: 'proxy' },
      { check: 'session', reason: 'proxy' },
      { check: 'quota', reason: 'proxy' },
      { check: 'chat', reason: 'proxy' },
    ])
    // all of them are set by the environment, where no reset reaches them
    for (const { setting, next_step: nextStep } of failed) {
      expect(setting).toBeNull()
      expect(nextStep).toMatch(/environment variable GROK_(?:APP|PROXY)_/)
    }
    expect(JSON.stringify(findings)).not.toContain('hidden-word')
  })
})

const STRANGE_CONFIG = `
nonsense = 1
video = "no table"
"chat.memory" = true
[chat]
timeuot = 5
timeout = "long"
[app]
app_url = "http://127.0.0.1:9"
webui_enabled = true
webui_key = ""
[retry]
retry_status_codes = "429"
[proxy]
cf_clearance = "old"
[proxy.egress]
mode = "single_proxy"
proxy_url = "http://user:hidden-word@127.0.0.1:9"
resource_proxy_url = "http://127.0.0.1:9"
[proxy.clearance]
mode = "flaresolverr"
flaresolverr_url = "http://127.0.0.1:9"
`

describe('what a finding names', () => {
  test('can be returned to its default or be removed, all of it', async () => {
    const dataDir = await makeFolder()
    await writeFile(join(dataDir, 'config.toml'), STRANGE_CONFIG)
    const gateway = await open({ DATA_DIR: dataDir, GROK_CHAT_TIMEUOT: '3', GROK_IMAGE_TIMEOUT: 'long' })
    const { findings } = await askDoctor(gateway)
    expect(JSON.stringify(findings)).not.toContain('hidden-word')
    const keys = [...new Set(findings.flatMap(({ setting }) => setting ?? []))]
    for (const key of [
      'nonsense',
      'video',
      'chat.memory',
      'chat.timeuot',
      'chat.timeout',
      'proxy.cf_clearance',
    ])
      expect(keys).toContain(key)
    for (const variable of ['GROK_CHAT_TIMEUOT', 'GROK_IMAGE_TIMEOUT'])
      expect(findings.find(({ input }) => input === variable)?.next_step).toContain('environment variable')
    expect(await resetAll(gateway, keys)).toEqual([200, expect.any(String)])
    // an address that is gone leaves a mode that demands one
    const then = [...new Set((await askDoctor(gateway)).findings.flatMap(({ setting }) => setting ?? []))]
    expect(then).toEqual(['app.app_url', 'proxy.clearance.mode'])
    expect(await resetAll(gateway, then)).toEqual([200, expect.any(String)])
    const { ok, findings: last } = await askDoctor(gateway)
    expect(last.filter(({ status }) => status === 'fail')).toEqual([])
    expect(ok).toBe(true)
  })

  test(
    'says what to do where no reset helps: keys without a default, and a file that cannot be read',
    async () => {
      const folder = await makeFolder()
      const path = join(folder, 'config.toml')
      await writeFile(path, '[app]\napi_key = 5\napp_key = false\n')
      const occupied = readFindings(await runCommand(['doctor', '--json'], commandIn(folder)))
      const wrong = occupied.filter(({ check }) => check === 'settings')
      expect(wrong.map(({ input, setting }) => [input, setting])).toEqual([
        ['app.app_key', null],
        ['app.api_key', null],
      ])
      expect(wrong.every(({ next_step: nextStep }) => nextStep?.includes('Save a new value'))).toBe(true)

      await writeFile(path, '[app\napi_key = "mine"\n')
      const { code, output } = await runCommand(['doctor', '--json'], commandIn(folder))
      expect(code).toBe(1)
      expect(output).not.toContain('uses your accounts')
      const found = readFindings({ output })
      expect(found.filter(({ check }) => check === 'settings')).toMatchObject([
        { status: 'fail', input: path, setting: null, message: expect.stringContaining('line 1') },
      ])
    },
    COMMAND_TEST_MS,
  )
})

test('every setting that a reason names can be returned to its default', async () => {
  const gateway = await open()
  const named = new Set(Object.values(reasonRules).flatMap(({ settings }) => settings))
  named.add('cache.local.video_max_mb')
  const known = new Set(settingDefinitions.map(({ key }) => key))
  // those that the test's own environment sets are locked here
  const locked = new Set(['upstream.base_url', 'upstream.assets_url', 'upstream.chat_protocol'])
  const free = [...named].filter((key) => !locked.has(key))
  expect([...named].filter((key) => !known.has(key))).toEqual([])
  const patch = {
    'proxy.clearance.cf_cookies': 'cf_clearance=x',
    'proxy.egress.proxy_url': 'http://127.0.0.1:9',
  }
  expect((await askAdmin(gateway.url, ADMIN, { path: '/config', body: patch })).status).toBe(200)
  expect(await resetAll(gateway, free)).toEqual([200, expect.any(String)])
})

describe('the command', () => {
  const environmentOf = (gateway: TestGateway, upstream: string) => ({
    DATA_DIR: gateway.dataDir,
    LOG_DIR: join(gateway.dataDir, 'logs'),
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: new URL(gateway.url).port,
    GROK_APP_API_KEY: 'sk-test',
    GROK_APP_APP_KEY: ADMIN,
    GROK_APP_APP_URL: gateway.url,
    GROK_UPSTREAM_BASE_URL: upstream,
  })

  test(
    'works while a gateway runs on the same data, and when it is stopped',
    async () => {
      const { gateway, upstream } = await openOverUpstream()
      const running = await runCommand(
        ['doctor', '--account', '2', '--json'],
        environmentOf(gateway, upstream),
      )
      expect(running.code).toBe(0)
      const findings = readFindings(running)
      expect(statusOf(findings, 'public-url')).toEqual(['ok'])
      expect(findings.find(({ check }) => check === 'chat')).toMatchObject({
        status: 'ok',
        input: 'account 2 (super)',
      })
      expect(Object.keys(findings[0] ?? {})).toContain('next_step')

      await gateway.stopAndReadAccounts()
      const stopped = await runCommand(['doctor'], environmentOf(gateway, upstream))
      expect(stopped.code).toBe(0)
      expect(stopped.output).toMatch(/skip {2}public-url/)
      expect(stopped.output).toMatch(/0 failed/)
      expect(stopped.output + stopped.errors).not.toContain('token-super')
    },
    COMMAND_TEST_MS,
  )

  test(
    'ends with 1 when something fails, with the reason and the next step',
    async () => {
      const { gateway, upstream, emulator } = await openOverUpstream()
      await emulator.addFault({ action: { type: 'http', kind: 'challenge' } })
      const { code, output } = await runCommand(['doctor'], environmentOf(gateway, upstream))
      expect(code).toBe(1)
      expect(output).toContain('reason: challenge')
      expect(output).toContain(reasonRules.challenge.nextStep)
      expect(output).toContain('setting: proxy.clearance.mode')
    },
    COMMAND_TEST_MS,
  )

  test(
    'makes nothing that only a start should make, and says that it is not there yet',
    async () => {
      const folder = await makeFolder()
      const findings = readFindings(await runCommand(['doctor', '--json'], commandIn(folder)))
      expect(await readdir(folder)).toEqual([])
      expect(statusOf(findings, 'data-folder')).toEqual(['ok'])
      expect(findings.filter(({ check }) => check === 'store' || check === 'secrets')).toMatchObject([
        { status: 'warn', input: join(folder, 'accounts.db') },
        { status: 'ok', message: expect.stringContaining('secret.key') },
        { status: 'ok', message: expect.stringContaining('the next start makes one') },
      ])
      expect(statusOf(findings, 'settings')).toEqual(['ok'])
    },
    COMMAND_TEST_MS,
  )

  test(
    'says what is wrong with the data folder, the key and the store when nothing can be opened',
    async () => {
      const folder = await makeFolder()
      const missing = await runCommand(['doctor'], { DATA_DIR: join(folder, 'none') })
      expect(missing.code).toBe(1)
      expect(missing.output).toMatch(/FAIL {2}data-folder .*none/)
      expect(missing.output).toContain('chown')
      expect(await Bun.file(join(folder, 'none', 'secret.key')).exists()).toBe(false)

      await writeFile(join(folder, 'secret.key'), 'broken', { mode: 0o600 })
      expect((await runCommand(['doctor'], { DATA_DIR: folder })).output).toMatch(/FAIL {2}secrets/)

      await rm(join(folder, 'secret.key'))
      const { output } = await runCommand(['doctor'], {
        DATA_DIR: folder,
        ACCOUNT_STORAGE: 'postgresql',
        ACCOUNT_POSTGRESQL_URL: 'postgres://user:hidden-word@127.0.0.1:9/x',
      })
      expect(output).toMatch(/FAIL {2}store .*ACCOUNT_POSTGRESQL_URL/)
      expect(output).not.toContain('hidden-word')
    },
    COMMAND_TEST_MS,
  )
})
