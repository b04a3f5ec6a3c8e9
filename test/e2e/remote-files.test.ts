import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { addAccounts } from '../../src/accounts/add-accounts.ts'
import { createApp, type App } from '../../src/app.ts'
import { openParts } from '../../src/cli/open-parts.ts'
import { fetchRemote, type FetchRemote } from '../../src/media/fetch-remote.ts'
import { sampleFiles } from '../../src/media/sample-files-for-tests.ts'
import { API_KEY } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'

/** Where the stranger's server is; the gateway under test has this one address for public. */
const OUTSIDE = '127.0.0.2'
const TOKEN = 'token-of-the-account'
const EDGE_COOKIE = 'cf_clearance=edge-cookie'
const png = sampleFiles['image/png']

const resources = new AsyncDisposableStack()
/** The headers of every request to the stranger; Bun empties a request's own after its answer. */
const seen: Headers[] = []
let app: App
let emulator: EmulatorControl
let stranger: URL
let inside: URL

const reachOutside: FetchRemote = (url, options) =>
  fetchRemote(url, {
    ...options,
    resolve: async () => [OUTSIDE],
    reach: { allowsAddress: (address) => address === OUTSIDE, allowsPort: () => true },
  })

beforeAll(async () => {
  const upstream = startEmulator()
  resources.defer(() => upstream.stop())
  emulator = createEmulatorControl(upstream.url)
  await emulator.setAccounts([{ token: TOKEN, tier: 'super' }])
  inside = new URL(upstream.url)
  stranger = startStranger()
  app = await startApp(upstream.url)
})
afterAll(() => resources.disposeAsync())

function startStranger(): URL {
  const server = Bun.serve({
    port: 0,
    hostname: OUTSIDE,
    fetch: (request) => {
      seen.push(new Headers(request.headers))
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === '/hop') return Response.redirect(searchParams.get('to') ?? '/')
      return pathname.endsWith('.png') ? new Response(png) : new Response('gone', { status: 404 })
    },
  })
  resources.defer(() => server.stop(true))
  return new URL(`http://stranger.example:${server.port}`)
}

async function startApp(upstreamUrl: string): Promise<App> {
  const dataDir = await mkdtemp(join(tmpdir(), 'grok2api-test-'))
  resources.defer(() => rm(dataDir, { recursive: true }))
  const parts = await openParts({
    DATA_DIR: dataDir,
    GROK_APP_API_KEY: API_KEY,
    GROK_UPSTREAM_BASE_URL: upstreamUrl,
    GROK_PROXY_CLEARANCE_MODE: 'manual',
    GROK_PROXY_CLEARANCE_CF_COOKIES: EDGE_COOKIE,
  })
  resources.defer(() => parts.stores.close())
  const account = { credential: TOKEN, tier: 'super', tags: [] } as const
  await addAccounts(parts.stores.accounts, parts.box, [account], Date.now())
  const opened = await createApp({ ...parts, clock: Date.now, fetchRemote: reachOutside })
  resources.defer(() => opened.close())
  return opened
}

async function ask(url: string | URL): Promise<Response> {
  const image_url = { url: String(url) }
  const body = {
    model: 'grok-4.20-fast',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What?' },
          { type: 'image_url', image_url },
        ],
      },
    ],
  }
  const headers = {
    authorization: `Bearer ${API_KEY}`,
    'content-type': 'application/json',
    cookie: 'session=client',
  }
  return app.fetch(
    new Request('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    }),
  )
}

const uploads = () => emulator.requests({ path: '/http/upload-file-v2/direct' })

describe('a picture by its address', () => {
  test('is fetched, and put up under its own name; its server learns nothing of any account or client', async () => {
    const response = await ask(new URL('/a/cat.png', stranger))
    expect(response.status).toBe(200)
    const [upload] = await uploads()
    expect(upload?.body).toEqual({
      multipart: [{ name: 'file', fileName: 'cat.png', contentType: 'image/png', sizeBytes: png.length }],
    })
    expect(upload?.headers['cookie']).toContain(TOKEN)
    expect(upload?.headers['cookie']).toContain(EDGE_COOKIE)
    expect(seen.map((headers) => [...headers.keys()].toSorted())).toEqual([
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'],
    ])
  })

  test('takes redirects, with as little said at each', async () => {
    seen.length = 0
    const response = await ask(new URL('/hop?to=/dog.png', stranger))
    expect(response.status).toBe(200)
    expect(seen.length).toBe(2)
    for (const headers of seen)
      expect([headers.get('cookie'), headers.get('authorization')]).toEqual([null, null])
  })

  test('is a 400 by its field when it is not there', async () => {
    const response = await ask(new URL('/nothing', stranger))
    expect(response.status).toBe(400)
    const { error } = await readJson<{ error: { message: string; param: string } }>(response)
    expect(error).toMatchObject({
      param: 'messages.0.content.1',
      message: 'messages.0.content.1: the address answered 404',
    })
  })

  test('does not lead to the upstream or any other server inside', async () => {
    await emulator.clearRequests()
    const targets = [inside, new URL(`/hop?to=${encodeURIComponent(inside.href)}`, stranger)]
    for (const target of targets) {
      const response = await ask(target)
      expect([target.href, response.status]).toEqual([target.href, 400])
      const { error } = await readJson<{ error: { message: string } }>(response)
      expect(error.message).toEndWith('an address of a private network is not fetched')
    }
    expect(await emulator.requests()).toEqual([])
  })
})
