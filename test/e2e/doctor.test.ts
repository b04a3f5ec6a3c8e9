import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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
    expect(statusOf(missing.findings, 'session')).toEqual(['skipped'])
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
      { check: 'public-url', setting: 'app.app_url' },
      {
        check: 'proxy',
        reason: 'proxy',
        setting: 'proxy.egress.proxy_pool',
        input: expect.stringContaining('127.0.0.1:9'),
      },
      { check: 'proxy', reason: 'proxy', input: expect.stringContaining('socks5h://127.0.0.1:9') },
      { check: 'solver', setting: 'proxy.clearance.flaresolverr_url' },
      { check: 'edge', reason: 'proxy' },
      { check: 'session', reason: 'proxy' },
      { check: 'quota', reason: 'proxy' },
      { check: 'chat', reason: 'proxy' },
    ])
    expect(JSON.stringify(findings)).not.toContain('hidden-word')
  })
})

test('every setting that a finding or a reason names can be returned to its default', async () => {
  const gateway = await open()
  const named = new Set(Object.values(reasonRules).flatMap(({ settings }) => settings))
  for (const key of ['app.app_url', 'cache.local.video_max_mb', 'proxy.egress.resource_proxy_url'])
    named.add(key)
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
  const response = await askAdmin(gateway.url, ADMIN, { path: '/config/reset', body: { keys: free } })
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
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
      const findings: Finding[] = running.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
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
    'says what is wrong with the data folder, the key and the store when nothing can be opened',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'grok2api-doctor-'))
      stops.push(() => rm(folder, { recursive: true }))
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
