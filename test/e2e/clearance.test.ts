import { afterEach, describe, expect, test } from 'bun:test'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { askAdmin } from '../harness/admin.ts'
import { eventually } from '../harness/eventually.ts'
import type { Clock } from '../../src/util/clock.ts'
import { startGateway, type TestAccount, type TestGateway } from '../harness/gateway.ts'
import { startHttpProxy, type TestProxy } from '../harness/proxies.ts'
import { SOLVER_AGENT, startSolver, type TestSolver } from '../harness/solver.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

interface World {
  readonly gateway: TestGateway
  readonly emulator: EmulatorControl
  readonly solver: TestSolver
}

const CHAT_PATH = '/rest/app-chat/conversations/new'
const picture = `data:image/png;base64,${Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000154a24f5f0000000049454e44ae426082', 'hex').toString('base64')}`
const fast = { total: 10_000, remaining: 10_000 }
const accounts = Array.from({ length: 10 }, (_, index): TestAccount => ({
  token: `token-${index}`,
  tier: 'heavy',
}))

/** A gateway whose upstream challenges everybody, and a solver. */
async function open(
  environment: Readonly<Record<string, string>> = {},
  prepare: (solver: TestSolver) => void = () => {},
  clock?: Clock,
): Promise<World> {
  const upstream = startEmulator()
  stops.push(() => upstream.stop())
  const emulator = createEmulatorControl(upstream.url)
  await emulator.setAccounts(accounts.map((account) => ({ ...account, quotas: { fast } })))
  await emulator.setBehaviour({ paceMilliseconds: 0 })
  const solver = await startSolver(upstream.url)
  stops.push(() => solver.stop())
  prepare(solver)
  const gateway = await startGateway({
    accounts,
    ...(clock && { clock }),
    environment: {
      GROK_UPSTREAM_BASE_URL: upstream.url,
      GROK_UPSTREAM_ASSETS_URL: `${upstream.url}/assets`,
      GROK_PROXY_CLEARANCE_MODE: 'flaresolverr',
      GROK_PROXY_CLEARANCE_FLARESOLVERR_URL: solver.url,
      GROK_ACCOUNT_SELECTION_MAX_INFLIGHT: '100',
      ...environment,
    },
  })
  stops.push(() => gateway.stop())
  return { gateway, emulator, solver }
}

const ask = (gateway: Pick<TestGateway, 'post'>, content: unknown = '[[say:Hello there]]') =>
  gateway.post('/v1/chat/completions', { model: 'grok-4.20-fast', messages: [{ role: 'user', content }] })

async function statusesOf(answers: readonly Promise<Response>[]): Promise<readonly number[]> {
  const statuses = await Promise.all(
    answers.map(async (answer) => {
      const response = await answer
      await response.text()
      return response.status
    }),
  )
  return [...new Set(statuses)]
}

const many = (gateway: TestGateway): Promise<Response>[] => Array.from({ length: 100 }, () => ask(gateway))

/** Stops the gateway; nothing may be held against any account. */
async function expectNoBlame({ gateway }: World): Promise<void> {
  for (const account of await gateway.stopAndReadAccounts())
    expect(account).toMatchObject({ state: { status: 'active' }, failureCount: 0, lastFailure: null })
}

test('an account that is challenged whatever it shows costs the others no clearance', async () => {
  const world = await open()
  const { gateway, emulator, solver } = world
  const action = { type: 'http', kind: 'challenge' } as const
  await emulator.addFault({ path: CHAT_PATH, token: 'token-3', action })
  for (let n = 0; n < 40; n++) expect(await statusesOf([ask(gateway)])).toEqual([200])
  expect(solver.calls.length).toBeLessThanOrEqual(3)
  await expectNoBlame(world)
})

describe('a hundred requests at once', () => {
  test.each(['rest', 'gateway'])('cause one solve, and all succeed (%s)', async (protocol) => {
    const world = await open({ GROK_UPSTREAM_CHAT_PROTOCOL: protocol })
    const { gateway, solver } = world
    expect(await statusesOf(many(gateway))).toEqual([200])
    expect(solver.calls).toHaveLength(1)
    expect(solver.calls[0]).toMatchObject({ cmd: 'request.get', maxTimeout: 60_000 })
    expect(solver.calls[0]?.proxy).toBeUndefined()
    await expectNoBlame(world)
  })

  test('cause one more when the clearance has expired', async () => {
    const world = await open()
    const { gateway, solver } = world
    await ask(gateway)
    await solver.expireAll()
    expect(await statusesOf(many(gateway))).toEqual([200])
    expect(solver.calls).toHaveLength(2)
    await expectNoBlame(world)
  })

  test('cause one over each proxy of a pool', async () => {
    const proxies = await Promise.all([
      startHttpProxy({ user: 'u', password: 'planted-pw' }),
      startHttpProxy(),
    ])
    for (const proxy of proxies) stops.push(() => proxy.stop())
    const world = await open(poolOf(proxies))
    const { gateway, solver } = world
    expect(await statusesOf(many(gateway))).toEqual([200])
    const urls = new Set(solver.calls.map(({ proxy }) => proxy?.url))
    // the login goes beside it
    expect(urls).toEqual(new Set(proxies.map(({ url }) => url.replace(/\/\/.*@/, '//'))))
    expect(solver.calls).toHaveLength(2)
    expect(solver.calls.find(({ proxy }) => proxy?.username)?.proxy).toMatchObject({
      username: 'u',
      password: 'planted-pw',
    })
    await expectNoBlame(world)
  })

  test('in two processes cause one solve', async () => {
    const world = await open()
    const second = await world.gateway.startSecond()
    const post: TestGateway['post'] = (path, body) =>
      fetch(second.url + path, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const both = Array.from({ length: 50 }, () => [ask(world.gateway), ask({ post })]).flat()
    expect(await statusesOf(both)).toEqual([200])
    expect(world.solver.calls).toHaveLength(1)
    await world.solver.expireAll()
    expect(await statusesOf([ask(world.gateway)])).toEqual([200])
    expect(await statusesOf([ask({ post })])).toEqual([200])
    expect(world.solver.calls).toHaveLength(2)
    await expectNoBlame(world)
  })
})

const poolOf = (proxies: readonly TestProxy[]): Record<string, string> => ({
  GROK_PROXY_EGRESS_MODE: 'proxy_pool',
  GROK_PROXY_EGRESS_PROXY_POOL: proxies.map(({ url }) => url).join(','),
})

const admin = (gateway: TestGateway, path: string, body?: unknown): Promise<Response> =>
  askAdmin(gateway.url, 'admin-test', { path, ...(body !== undefined && { body }) })

/** Saves what only a save can change later: the environment is stronger. */
async function save(gateway: TestGateway, proxy: object): Promise<void> {
  const saved = await admin(gateway, '/config', { proxy })
  expect(saved.status).toBe(200)
}

test('a clearance is there before it is asked for', async () => {
  const { gateway, emulator, solver } = await open()
  const isThere = async (): Promise<string> => (await admin(gateway, '/clearance')).text()
  await eventually(isThere, (text) => text.includes('"state":"valid"'), 4_500)
  expect((await ask(gateway)).status).toBe(200)
  expect(solver.calls).toHaveLength(1)
  expect(new Set((await emulator.requests()).map(({ status }) => status))).toEqual(new Set([200]))
})

test('a proxy that takes the place of another gets a clearance of its own', async () => {
  const [first, second] = await Promise.all([startHttpProxy(), startHttpProxy()])
  for (const proxy of [first, second]) stops.push(() => proxy.stop())
  const world = await open()
  const { gateway, solver } = world
  await save(gateway, { egress: { mode: 'single_proxy', proxy_url: first.url } })
  expect((await ask(gateway)).status).toBe(200)
  await solver.expireAll()
  await save(gateway, { egress: { proxy_url: second.url } })
  expect((await ask(gateway)).status).toBe(200)
  const proxies = solver.calls.flatMap(({ proxy }) => proxy?.url ?? [])
  expect(proxies).toEqual([first.url, second.url])
  await expectNoBlame(world)
})

test('requests show the browser and the cookies of the edge that the solver brought, and nothing else of it', async () => {
  const { gateway, emulator, solver } = await open()
  expect((await ask(gateway)).status).toBe(200)
  const chat = await emulator.waitForRequest({ path: CHAT_PATH })
  expect(chat.headers['user-agent']).toBe(SOLVER_AGENT)
  expect(chat.headers['sec-ch-ua']).toContain('"Google Chrome";v="142"')
  expect(chat.headers['sec-ch-ua-platform']).toBe('"Linux"')
  expect(chat.headers['cookie']).toMatch(/; cf_clearance=clearance-1; __cf_bm=bm$/)
  await solver.expireAll()
  const other = SOLVER_AGENT.replace('142', '143')
  solver.behave({ userAgent: other })
  expect((await ask(gateway)).status).toBe(200)
  const next = (await emulator.requests({ path: CHAT_PATH })).at(-1)
  expect(next?.headers['user-agent']).toBe(other)
  expect(next?.headers['sec-ch-ua']).toContain('v="143"')
})

test('a User-Agent that is changed in the settings makes the old clearance useless', async () => {
  const world = await open()
  const { gateway, solver } = world
  expect((await ask(gateway)).status).toBe(200)
  await save(gateway, { clearance: { user_agent: SOLVER_AGENT.replace('142', '140') } })
  expect(await statusesOf(many(gateway))).toEqual([200])
  expect(solver.calls).toHaveLength(2)
  await expectNoBlame(world)
})

test('a clearance that says when it ends is renewed then, before the edge refuses it', async () => {
  let now = Date.now()
  const world = await open(
    {},
    (solver) => solver.behave({ livesSeconds: 1800 }),
    () => now,
  )
  const { gateway, emulator, solver } = world
  expect((await ask(gateway)).status).toBe(200)
  now += 1_801_000
  await emulator.clearRequests()
  expect(await statusesOf(many(gateway))).toEqual([200])
  expect(solver.calls).toHaveLength(2)
  const statuses = (await emulator.requests({ path: CHAT_PATH })).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200]))
})

describe('a solver that fails', () => {
  test.each(['refuse', 'garbage', 'useless'] as const)(
    '(%s) is told, blames no account, and may recover',
    async (how) => {
      const proxy = await startHttpProxy({ user: 'u', password: 'planted-pw' })
      stops.push(() => proxy.stop())
      let now = Date.now()
      const world = await open(
        { ...poolOf([proxy]), GROK_RETRY_MAX_RETRIES: '1' },
        (solver) => solver.behave({ how }),
        () => now,
      )
      const { gateway, solver } = world
      const failed = await ask(gateway)
      expect(failed.status).toBe(502)
      expect(await failed.json()).toMatchObject({ error: { code: 'egress_rejected' } })
      expect(await statusesOf(many(gateway))).toEqual([502])
      expect(solver.calls.length).toBeLessThanOrEqual(2)
      const told = await (await admin(gateway, '/clearance')).text()
      expect(told).toContain('"last_failure":{')
      expect(told).not.toContain('planted-pw')
      solver.behave({ how: 'solve' })
      now += 120_000
      expect(await statusesOf(many(gateway))).toEqual([200])
      await expectNoBlame(world)
    },
  )

  test('that never answers is waited for no longer than the settings say', async () => {
    const slow = (solver: TestSolver): void => solver.behave({ delayMs: 4_000 })
    const world = await open({ GROK_PROXY_CLEARANCE_TIMEOUT_SEC: '1', GROK_RETRY_MAX_RETRIES: '0' }, slow)
    const startedAt = performance.now()
    expect((await ask(world.gateway)).status).toBe(502)
    expect(performance.now() - startedAt).toBeLessThan(3_500)
    await expectNoBlame(world)
  })
})

test('uploads, sockets and downloads pass the edge like chat', async () => {
  const world = await open({
    GROK_UPSTREAM_CHAT_PROTOCOL: 'gateway',
    GROK_FEATURES_IMAGE_FORMAT: 'local_url',
  })
  const { gateway, solver } = world
  const image_url = { url: picture }
  const content = [
    { type: 'text', text: '[[multimodal]] What is this?' },
    { type: 'image_url', image_url },
  ]
  expect(await (await ask(gateway, content)).text()).toContain('file.png')
  await solver.expireAll()
  const image = await gateway.post('/v1/images/generations', { prompt: 'a fox', response_format: 'b64_json' })
  expect(image.status).toBe(200)
  await solver.expireAll()
  expect(await (await ask(gateway, '[[image]] a lighthouse')).text()).toContain('/v1/files/')
  await expectNoBlame(world)
})

test('the admin API tells how clearances stand, and tries the solver, without showing a value', async () => {
  const { gateway, solver } = await open()
  await ask(gateway)
  const state = await (await admin(gateway, '/clearance')).json()
  const shown = {
    way_out: 'direct',
    state: 'valid',
    cookies: ['cf_clearance', '__cf_bm'],
    user_agent: SOLVER_AGENT,
  }
  expect(state).toMatchObject({ clearances: [shown] })
  expect(JSON.stringify(state)).not.toContain('clearance-1')
  const tried = await (await admin(gateway, '/config/test/solver', {})).json()
  expect(tried).toMatchObject({ ok: true, way_out: 'direct', user_agent: SOLVER_AGENT })
  expect(JSON.stringify(tried)).not.toContain('clearance-2')
  solver.behave({ how: 'garbage' })
  const failed = await (await admin(gateway, '/config/test/solver', { url: solver.url })).json()
  expect(failed).toMatchObject({ ok: false, message: expect.stringContaining('HTTP 502') })
})
