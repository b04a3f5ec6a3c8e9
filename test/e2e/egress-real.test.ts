import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator, type Emulator } from '../../emulator/server.ts'
import { makeCertificate } from '../harness/certificate.ts'
import { startCommand } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { API_KEY, storeAccounts } from '../harness/gateway.ts'
import { startTlsFront, type TlsFront } from '../harness/tls-front.ts'

/*
 * Real proxies (script/services), real TLS. Where the system allows, the upstream's name is known to the proxies alone:
 * an answer then proves that the name was resolved there.
 */

const { TEST_PROXYNAME_URL } = process.env
const NAME = TEST_PROXYNAME_URL === undefined ? 'localhost' : new URL(TEST_PROXYNAME_URL).hostname
const accounts = [{ token: 'token-super', tier: 'super' }] as const

/** Each kind of proxy, its address, and where its requests come from. */
const proxies = [
  ['an HTTP proxy (tinyproxy)', process.env['TEST_PROXYHTTP_URL'], '127.0.0.2'],
  ['an HTTP proxy with a password (tinyproxy)', process.env['TEST_PROXYLOGIN_URL'], '127.0.0.3'],
  ['an HTTPS proxy, self-signed (stunnel)', process.env['TEST_PROXYHTTPS_URL'], '127.0.0.4'],
  ['a SOCKS5 proxy (microsocks)', process.env['TEST_PROXYSOCKS_URL'], '127.0.0.5'],
  ['a SOCKS5 proxy with a password (microsocks)', process.env['TEST_PROXYSOCKSLOGIN_URL'], '127.0.0.6'],
] as const

let upstream: Emulator
let emulator: EmulatorControl
let front: TlsFront
let caFile: string

beforeAll(async () => {
  upstream = startEmulator()
  emulator = createEmulatorControl(upstream.url)
  await emulator.setAccounts(accounts)
  const certificate = await makeCertificate([NAME])
  caFile = certificate.caFile
  front = await startTlsFront(Number(new URL(upstream.url).port), certificate)
})

afterAll(async () => {
  front.stop()
  await upstream.stop()
})

interface RunningGateway {
  post(path: string, body: object, init?: RequestInit): Promise<Response>
  stop(): Promise<void>
}

/** A gateway as a process of its own, because a process learns of certificates when it starts. */
async function startGateway(proxyUrl: string, environment: Readonly<Record<string, string>> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-egress-'))
  const port = String(freePort())
  const variables = {
    DATA_DIR: dataDir,
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: port,
    LOG_DIR: join(dataDir, 'logs'),
    LOG_LEVEL: 'ERROR',
    GROK_APP_API_KEY: API_KEY,
    GROK_APP_APP_KEY: 'admin-test',
    GROK_UPSTREAM_BASE_URL: `https://${NAME}:${front.port}`,
    GROK_UPSTREAM_ASSETS_URL: `https://${NAME}:${front.port}/assets`,
    GROK_FEATURES_IMAGE_FORMAT: 'local_url',
    GROK_PROXY_EGRESS_MODE: 'single_proxy',
    GROK_PROXY_EGRESS_PROXY_URL: proxyUrl,
    GROK_PROXY_EGRESS_SKIP_SSL_VERIFY: 'true',
    NODE_EXTRA_CA_CERTS: caFile,
    SSL_CERT_FILE: caFile,
    ...environment,
  }
  await storeAccounts(variables, accounts)
  const child = startCommand(['serve'], variables)
  const url = `http://127.0.0.1:${port}`
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(isUp, Boolean, 20_000)
  const gateway: RunningGateway = {
    post: (path, body, init = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...init,
      }),
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return gateway
}

const ask = (content: unknown) => ({ model: 'grok-4.20-fast', messages: [{ role: 'user', content }] })
const pngBytes =
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000154a24f5f0000000049454e44ae426082'
const picture = `data:image/png;base64,${Buffer.from(pngBytes, 'hex').toString('base64')}`

/** The transport of the browser profiles is the one that a clearance is used with. */
const transports = [
  ["the runtime's transport", {}, ['http/1.1']],
  [
    'the browser transport',
    { GROK_PROXY_CLEARANCE_MODE: 'manual', GROK_PROXY_CLEARANCE_CF_COOKIES: 'cf_clearance=test' },
    ['h2', 'http/1.1'], // sockets open over the latter
  ],
] as const
const pairs = proxies.flatMap(([kind, proxyUrl, address]) =>
  transports.map(([transport, environment, protocols]) => ({
    kind,
    transport,
    proxyUrl,
    address,
    environment,
    protocols,
  })),
)

describe.each(pairs)('$kind with $transport', ({ proxyUrl, address, environment, protocols }) => {
  test.skipIf(proxyUrl === undefined)(
    'carries chat, uploads, sockets and downloads over TLS from its own address; leaving closes the stream',
    async () => {
      front.visits.length = 0
      await emulator.setBehaviour({ paceMilliseconds: 0 })
      const gateway = await startGateway(proxyUrl ?? '', environment)
      const textOf = async (path: string, body: object): Promise<string> =>
        (await gateway.post(path, body)).text()
      const chat = '/v1/chat/completions'
      expect(await textOf(chat, ask('[[say:Hello there]]'))).toContain('Hello there')
      const file = [
        { type: 'text', text: '[[multimodal]] What is this?' },
        { type: 'image_url', image_url: { url: picture } },
      ]
      expect(await textOf(chat, ask(file))).toContain('file.png')
      expect(await textOf('/v1/images/generations', { prompt: 'a fox' })).toContain('/v1/files/')
      expect(await textOf(chat, ask('[[image]] a lighthouse'))).toContain('/v1/files/')
      await emulator.setBehaviour({ paceMilliseconds: 5 })
      const leaving = new AbortController()
      const stream = { ...ask('[[tokens:5000]]'), stream: true }
      const response = await gateway.post(chat, stream, { signal: leaving.signal })
      await response.body?.getReader().read()
      leaving.abort()
      await eventually(
        async () => (await emulator.counters()).openStreams,
        (openStreams) => openStreams === 0,
        1000,
      )
      await gateway.stop()
      expect(front.visits.length).toBeGreaterThan(0)
      expect(new Set(front.visits.map(({ from }) => from))).toEqual(new Set([address]))
      expect(new Set(front.visits.map(({ protocol }) => protocol))).toEqual(new Set(protocols))
    },
  )
})

test.skipIf(proxies[1][1] === undefined)('a wrong password for the proxy is told as the proxy', async () => {
  front.visits.length = 0
  const gateway = await startGateway((proxies[1][1] ?? '').replace('secret', 'wrong'))
  const response = await gateway.post('/v1/chat/completions', ask('[[say:Hello there]]'))
  expect(response.status).toBe(502)
  expect(await response.text()).toContain('The proxy on the way to the upstream failed.')
  expect(front.visits).toEqual([])
  await gateway.stop()
})

test.skipIf(proxies[2][1] === undefined)(
  "the upstream's certificate is verified, whatever is said of the proxy's",
  async () => {
    const gateway = await startGateway(proxies[2][1] ?? '', {
      NODE_EXTRA_CA_CERTS: '/dev/null',
      SSL_CERT_FILE: '/dev/null',
    })
    const response = await gateway.post('/v1/chat/completions', ask('[[say:Hello there]]'))
    expect(response.status).toBe(502)
    await gateway.stop()
  },
)
