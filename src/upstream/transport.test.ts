import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../../test/harness/eventually.ts'
import { BrowserTransport } from './browser-transport.ts'
import { FetchTransport, type HttpAnswer, type Transport, type TransportRequest } from './transport.ts'

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36'

let server: Bun.Server<undefined>
let openStreams = 0
let silent = 0
const connections = new Set<number>()

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: async (request, self) => {
      connections.add(self.requestIP(request)?.port ?? 0)
      const { pathname } = new URL(request.url)
      if (pathname === '/endless') return endless(request)
      if (pathname === '/silent') return neverAnswer(request)
      if (pathname === '/redirect') return new Response(null, { status: 302, headers: { location: '/echo' } })
      if (pathname === '/403') return new Response('no', { status: 403 })
      if (pathname === '/gzip')
        return new Response(Bun.gzipSync('unpacked'), { headers: { 'content-encoding': 'gzip' } })
      const headers = Object.fromEntries(request.headers)
      return Response.json({ method: request.method, headers, body: await request.text() })
    },
  })
})
afterAll(() => server.stop(true))

function neverAnswer({ signal }: Request): Promise<Response> {
  silent++
  signal.addEventListener('abort', () => silent--)
  return new Promise(() => {})
}

function endless({ signal }: Request): Response {
  openStreams++
  signal.addEventListener('abort', () => openStreams--)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(5)
      controller.enqueue(new TextEncoder().encode('tick\n'))
    },
  })
  return new Response(body)
}

const textOf = ({ body }: HttpAnswer): Promise<string> => new Response(body).text()

const options = { proxyAddress: async (url: string) => url, resetStatuses: () => [403] }
const transports: readonly (readonly [string, Transport])[] = [
  ["the runtime's own transport", new FetchTransport(options)],
  ['the browser transport', new BrowserTransport({ ...options, usualProfile: () => 'chrome136' })],
]

describe.each(transports)('%s', (_, transport) => {
  const send = (path: string, more: Partial<TransportRequest> = {}): Promise<HttpAnswer> =>
    transport.send({
      method: 'GET',
      url: `${server.url.origin}${path}`,
      headers: {
        'user-agent': CHROME,
        'accept-encoding': 'gzip, deflate, br, zstd',
        cookie: 'sso=one; sso-rw=one',
      },
      signal: new AbortController().signal,
      ...more,
    })

  test('sends what it is given, each header once, and no cookie of its own', async () => {
    const headers = { 'user-agent': CHROME, 'sec-ch-ua': '"Microsoft Edge";v="136"', 'x-own': '1' }
    const response = await send('/echo', { method: 'POST', headers, body: 'words' })
    const seen: { headers: Record<string, string>; body: string } = JSON.parse(await textOf(response))
    expect(seen).toMatchObject({ method: 'POST', body: 'words', headers })
    expect(seen.headers['cookie']).toBeUndefined()
  })

  test('sends bytes as they are', async () => {
    const body = new TextEncoder().encode('bytes')
    const response = await send('/echo', { method: 'POST', body })
    expect(JSON.parse(await textOf(response))).toMatchObject({ body: 'bytes' })
  })

  test('takes a redirect as the answer, and unpacks bodies', async () => {
    expect((await send('/redirect')).status).toBe(302)
    expect(await textOf(await send('/gzip'))).toBe('unpacked')
  })

  test('closes the upstream stream within a second when its body is cancelled', async () => {
    const reader = (await send('/endless')).body?.getReader()
    await reader?.read()
    expect(openStreams).toBe(1)
    await reader?.cancel()
    await eventually(
      () => openStreams,
      (open) => open === 0,
      1000,
    )
  })

  test('closes the upstream stream within a second when its signal fires, and says so to the reader', async () => {
    const leaving = new AbortController()
    const reader = (await send('/endless', { signal: leaving.signal })).body?.getReader()
    await reader?.read()
    leaving.abort(new Error('left'))
    const readOn = async (): Promise<void> => {
      while (!(await reader?.read())?.done);
    }
    await expect(readOn()).rejects.toThrow('left')
    await eventually(
      () => openStreams,
      (open) => open === 0,
      1000,
    )
  })

  test('closes a request that was never answered within a second of its limit', async () => {
    const leaving = AbortSignal.timeout(100)
    await expect(send('/silent', { signal: leaving, limitMs: 100 })).rejects.toThrow()
    await eventually(
      () => silent,
      (open) => open === 0,
      2500,
    )
  })

  test('keeps the connections of others when a caller leaves', async () => {
    await textOf(await send('/echo'))
    connections.clear()
    const leaving = AbortSignal.timeout(20)
    await expect(send('/silent', { signal: leaving, limitMs: 100 })).rejects.toThrow()
    const mine = connections.size
    await textOf(await send('/echo'))
    await textOf(await send('/echo'))
    expect(connections.size - mine).toBeLessThanOrEqual(1)
  })

  test('uses a connection again, and a new one after a status that resets', async () => {
    await textOf(await send('/echo'))
    connections.clear()
    for (let i = 0; i < 3; i++) await textOf(await send('/echo'))
    expect(connections.size).toBe(1)
    await textOf(await send('/403'))
    await textOf(await send('/echo'))
    expect(connections.size).toBe(2)
  })

  test('rejects when nobody listens', async () => {
    await expect(send('/', { url: 'http://127.0.0.1:1/' })).rejects.toThrow()
  })

  test('does not send at all when its signal has fired', async () => {
    await expect(send('/echo', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left')
  })
})
