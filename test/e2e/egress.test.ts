import { afterEach, describe, expect, test } from 'bun:test'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator, type Emulator } from '../../emulator/server.ts'
import { makeCertificate } from '../harness/certificate.ts'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestAccount, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { startHttpProxy, startSocksProxy, type TestProxy } from '../harness/proxies.ts'

/** A name that no resolver knows: only a proxy can reach it. */
const NAME = 'grok.invalid'
const CHAT = '/v1/chat/completions'
const picture = `data:image/png;base64,${Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000154a24f5f0000000049454e44ae426082', 'hex').toString('base64')}`

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

interface World {
  readonly gateway: TestGateway
  readonly emulator: EmulatorControl
  /** `name:port` as proxies are asked for it. */
  readonly target: string
}

/** A gateway whose upstream has a name that only proxies can reach. */
async function open(
  environment: Readonly<Record<string, string>>,
  accounts: readonly TestAccount[] = [{ token: 'token-super', tier: 'super' }],
): Promise<World> {
  const upstream: Emulator = startEmulator()
  stops.push(() => upstream.stop())
  const emulator = createEmulatorControl(upstream.url)
  await emulator.setAccounts(accounts)
  await emulator.setBehaviour({ paceMilliseconds: 0 })
  const target = `${NAME}:${new URL(upstream.url).port}`
  const gateway = await startGateway({
    accounts,
    environment: {
      GROK_UPSTREAM_BASE_URL: `http://${target}`,
      GROK_UPSTREAM_ASSETS_URL: `http://${target}/assets`,
      GROK_FEATURES_IMAGE_FORMAT: 'local_url',
      ...environment,
    },
  })
  stops.push(() => gateway.stop())
  return { gateway, emulator, target }
}

async function keep(starting: Promise<TestProxy>): Promise<TestProxy> {
  const proxy = await starting
  stops.push(() => proxy.stop())
  return proxy
}

const ask = (gateway: TestGateway, content: unknown = '[[say:Hello there]]', more: object = {}) =>
  gateway.post(CHAT, { model: 'grok-4.20-fast', messages: [{ role: 'user', content }], ...more })

const single = (proxy: TestProxy): Record<string, string> => ({
  GROK_PROXY_EGRESS_MODE: 'single_proxy',
  GROK_PROXY_EGRESS_PROXY_URL: proxy.url,
})
const many = (...proxies: readonly TestProxy[]): Record<string, string> => ({
  GROK_PROXY_EGRESS_MODE: 'proxy_pool',
  GROK_PROXY_EGRESS_PROXY_POOL: proxies.map(({ url }) => url).join(','),
})

const certificate = makeCertificate(['localhost'])
const login = { user: 'some user', password: 'pass:word@1' }
const encoded = (proxy: TestProxy): TestProxy => ({
  ...proxy,
  url: proxy.url.replace('some user:pass:word@1', 'some%20user:pass%3Aword%401'),
})

const kinds: readonly (readonly [string, () => Promise<TestProxy>])[] = [
  ['an HTTP proxy', () => startHttpProxy()],
  ['an HTTP proxy with a password', async () => encoded(await startHttpProxy(login))],
  ['an HTTPS proxy with a self-signed certificate', async () => startHttpProxy({ tls: await certificate })],
  ['a SOCKS5 proxy', () => startSocksProxy()],
  ['a SOCKS5 proxy with a password', async () => encoded(await startSocksProxy(login))],
]

describe.each(kinds)('%s', (_, startProxy) => {
  test('carries chat, uploads, sockets and downloads, and resolves the name', async () => {
    const proxy = await keep(startProxy())
    const { gateway, emulator, target } = await open({
      ...single(proxy),
      GROK_PROXY_EGRESS_SKIP_SSL_VERIFY: 'true',
    })
    const chat = await ask(gateway)
    expect(await chat.text()).toContain('Hello there')
    const withFile = await ask(gateway, [
      { type: 'text', text: '[[multimodal]] What is this?' },
      { type: 'image_url', image_url: { url: picture } },
    ])
    expect(await withFile.text()).toContain('file.png')
    const image = await gateway.post('/v1/images/generations', {
      prompt: 'a fox',
      response_format: 'b64_json',
    })
    expect((await readJson<{ data: unknown[] }>(image)).data).toHaveLength(1)
    const drawn = await ask(gateway, '[[image]] a lighthouse')
    expect(await drawn.text()).toContain('/v1/files/')
    expect(new Set(proxy.targets)).toEqual(new Set([target]))
    const paths = (await emulator.requests()).map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['/rest/app-chat/conversations/new', '/ws/imagine/listen']))
    expect(paths.some((path) => path.startsWith('/assets/'))).toBe(true)
  })

  test('of which a client leaves closes the upstream stream within a second', async () => {
    const proxy = await keep(startProxy())
    const { gateway, emulator } = await open({
      ...single(proxy),
      GROK_PROXY_EGRESS_SKIP_SSL_VERIFY: 'true',
    })
    await emulator.setBehaviour({ paceMilliseconds: 5 })
    const leaving = new AbortController()
    const body = { model: 'grok-4.20-fast', messages: [{ role: 'user', content: '[[tokens:5000]]' }] }
    const response = await gateway.post(CHAT, { ...body, stream: true }, { signal: leaving.signal })
    await response.body?.getReader().read()
    expect((await emulator.counters()).openStreams).toBe(1)
    leaving.abort()
    await eventually(
      async () => (await emulator.counters()).openStreams,
      (openStreams) => openStreams === 0,
      1000,
    )
  })
})

test('the certificate of a proxy is verified unless the operator says otherwise', async () => {
  const proxy = await keep(startHttpProxy({ tls: await certificate }))
  const { gateway } = await open(single(proxy))
  expect((await ask(gateway)).status).toBe(502)
  expect(proxy.targets).toEqual([])
})

describe('nothing goes out directly', () => {
  test.each([
    ['single_proxy without an address', { GROK_PROXY_EGRESS_MODE: 'single_proxy' }],
    ['proxy_pool without a proxy', { GROK_PROXY_EGRESS_MODE: 'proxy_pool' }],
  ])('with %s: 503', async (_, environment) => {
    const { gateway, emulator } = await open(environment)
    const response = await ask(gateway)
    expect(response.status).toBe(503)
    expect(await emulator.requests()).toEqual([])
  })

  test('with a proxy that is down: 502, and no account is blamed', async () => {
    const proxy = await keep(startHttpProxy())
    proxy.behave('drop')
    const { gateway, emulator } = await open({ ...single(proxy), GROK_RETRY_MAX_RETRIES: '3' })
    for (let i = 0; i < 3; i++) expect((await ask(gateway)).status).toBe(502)
    expect(await emulator.requests()).toEqual([])
    const [account] = await gateway.stopAndReadAccounts()
    expect(account).toMatchObject({ health: 1, failureCount: 0, state: { status: 'active' } })
  })
})

describe('a pool', () => {
  test.each(['drop', 'refuse'] as const)(
    'whose proxies fail (%s) but one serves every request, and blames nobody',
    async (how) => {
      const dead = [await keep(startHttpProxy()), await keep(startSocksProxy())]
      for (const proxy of dead) proxy.behave(how)
      const alive = await keep(startSocksProxy())
      const { gateway } = await open({ ...many(...dead, alive), GROK_RETRY_MAX_RETRIES: '0' })
      for (let i = 0; i < 6; i++) expect((await ask(gateway)).status).toBe(200)
      expect(alive.targets.length).toBeGreaterThan(0)
      const [account] = await gateway.stopAndReadAccounts()
      expect(account).toMatchObject({ health: 1, failureCount: 0 })
    },
  )

  test('moves on when the edge challenges, with the same account, and blames nobody', async () => {
    const proxies = [await keep(startHttpProxy()), await keep(startHttpProxy())]
    const { gateway, emulator } = await open({ ...many(...proxies), GROK_RETRY_MAX_RETRIES: '0' })
    await emulator.addFault({
      path: '/rest/app-chat/*',
      times: 1,
      action: { type: 'http', kind: 'challenge' },
    })
    expect((await ask(gateway)).status).toBe(200)
    expect(proxies.every(({ targets }) => targets.length > 0)).toBe(true)
    const [account] = await gateway.stopAndReadAccounts()
    expect(account).toMatchObject({ health: 1, failureCount: 0 })
  })
})

test('sockets turn to another proxy, too, and blame nobody', async () => {
  const dead = await keep(startHttpProxy())
  dead.behave('drop')
  const alive = await keep(startSocksProxy())
  const { gateway } = await open({ ...many(dead, alive), GROK_RETRY_MAX_RETRIES: '0' })
  for (let i = 0; i < 4; i++) {
    const image = await gateway.post('/v1/images/generations', {
      prompt: 'a fox',
      response_format: 'b64_json',
    })
    expect(image.status).toBe(200)
  }
  const [account] = await gateway.stopAndReadAccounts()
  expect(account).toMatchObject({ health: 1, failureCount: 0 })
})

test('downloads go through the proxies that are meant for them, and only they', async () => {
  const [requests, downloads] = [await keep(startHttpProxy()), await keep(startSocksProxy())]
  const { gateway } = await open({
    ...single(requests),
    GROK_PROXY_EGRESS_RESOURCE_PROXY_URL: downloads.url,
  })
  await ask(gateway)
  expect(downloads.targets).toEqual([])
  await (await ask(gateway, '[[image]] a lighthouse')).text()
  expect(downloads.targets.length).toBeGreaterThan(0)
})

describe('the operator', () => {
  const admin = { authorization: 'Bearer admin-test' }

  test('tests the proxies, and sees how each has done', async () => {
    const [dead, alive] = [await keep(startHttpProxy()), await keep(startSocksProxy())]
    dead.behave('drop')
    const { gateway, target } = await open(many(dead, alive))
    for (let i = 0; i < 4; i++) await ask(gateway)
    const tested = await gateway.post('/admin/api/config/test/proxy', {}, { headers: admin })
    expect(await tested.json()).toMatchObject({
      ok: false,
      results: [
        { ok: false, reason: 'proxy' },
        { ok: true, reason: null },
      ],
    })
    const state = await fetch(`${gateway.url}/admin/api/egress`, { headers: admin })
    expect(await state.json()).toMatchObject({
      nodes: [{ use: 'requests' }, { state: 'ready', failures: 0 }],
    })
    expect(alive.targets).toContain(target)
  })

  test('asks about accounts over the proxies, too: a refresh of quotas leaves no other way', async () => {
    const proxy = await keep(startSocksProxy())
    const { gateway, emulator } = await open(single(proxy))
    await gateway.post('/admin/api/batch/refresh', { tokens: ['token-super'] }, { headers: admin })
    const { path } = await emulator.waitForRequest({ path: '/rest/rate-limits' })
    expect(path).toBe('/rest/rate-limits')
  })
})
