import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { eventually } from '../../test/harness/eventually.ts'
import { failureOf } from '../../test/harness/failure-of.ts'
import { createBrowserSockets } from './browser-socket.ts'
import { BrowserTransport } from './browser-transport.ts'
import { HandshakeError, type SocketRequest } from './socket.ts'

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36'

let server: Bun.Server<undefined>
let seen: Record<string, string> = {}
let closed = 0
let opened = 0

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request, self) => {
      const { pathname } = new URL(request.url)
      const isSocket = request.headers.get('upgrade') === 'websocket'
      if (pathname === '/challenge')
        return new Response('Just a moment', { status: 403, headers: { 'cf-mitigated': 'challenge' } })
      if (pathname === '/socket-only') return new Response('page', { status: isSocket ? 401 : 400 })
      if (pathname === '/slow') await Bun.sleep(300)
      seen = Object.fromEntries(request.headers)
      return self.upgrade(request) ? undefined : new Response('no socket', { status: 400 })
    },
    websocket: {
      open: () => void opened++,
      message: (socket, text) => {
        if (text === 'end') socket.close(4003, 'enough')
        else for (const word of ['one', 'two', 'three']) socket.send(`${String(text)} ${word}`)
      },
      close: () => void closed++,
    },
  })
})
afterAll(() => server.stop(true))

const proxyAddress = async (url: string): Promise<string> => url
const usualProfile = (): string => 'chrome136'
const transport = new BrowserTransport({ proxyAddress, resetStatuses: () => [], usualProfile })
const openSocket = createBrowserSockets({ transport, usualProfile })

const headers = {
  origin: 'https://grok.com',
  'user-agent': CHROME,
  'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  cookie: 'sso=one; sso-rw=one; x-userid=u',
}

const open = (path: string, more: Partial<SocketRequest> = {}) =>
  openSocket({
    url: `ws://127.0.0.1:${server.port}${path}`,
    headers,
    signal: new AbortController().signal,
    ...more,
  })

describe('a socket of a browser', () => {
  test('brings what is said, in order, and shows the given headers and no others of a page', async () => {
    const socket = await open('/')
    socket.send('word')
    const texts: unknown[] = []
    for (let i = 0; i < 3; i++) texts.push(await socket.read(2_000))
    expect(texts).toEqual(['word one', 'word two', 'word three'].map((text) => ({ type: 'message', text })))
    expect(seen).toMatchObject(headers)
    const own = new Set([...Object.keys(headers), 'host', 'connection', 'upgrade', 'accept-encoding'])
    expect(Object.keys(seen).filter((name) => !own.has(name) && !name.startsWith('sec-websocket-'))).toEqual(
      [],
    )
    socket.close()
  })

  test('tells why the upstream has closed it', async () => {
    const socket = await open('/')
    socket.send('end')
    expect(await socket.read(2_000)).toEqual({ type: 'closed', code: 4003 })
    socket.send('a sign of life that comes too late')
    socket.close()
  })

  test('is closed at the upstream within a second when its signal fires', async () => {
    const leaving = new AbortController()
    const socket = await open('/', { signal: leaving.signal })
    const before = closed
    const reading = failureOf(Error, socket.read(5_000))
    leaving.abort(new Error('left'))
    expect((await reading).message).toBe('left')
    await eventually(
      () => closed,
      (count) => count === before + 1,
      1_000,
    )
  })

  test('that is left while it opens is closed when it has', async () => {
    const leaving = new AbortController()
    const before = { opened, closed }
    const opening = failureOf(Error, open('/slow', { signal: leaving.signal }))
    await Bun.sleep(50)
    leaving.abort(new Error('left'))
    expect((await opening).message).toBe('left')
    await eventually(
      () => opened + closed,
      (count) => count === before.opened + before.closed + 2,
      2_000,
    )
  })

  test('that is refused tells the page that stands in its place', async () => {
    const { answer } = await failureOf(HandshakeError, open('/challenge'))
    expect(answer?.status).toBe(403)
    expect(answer?.headers.get('cf-mitigated')).toBe('challenge')
    expect(answer?.body).toBe('Just a moment')
  })

  test('that is refused otherwise than a page tells its own status only', async () => {
    const { answer } = await failureOf(HandshakeError, open('/socket-only'))
    expect([answer?.status, answer?.body]).toEqual([401, ''])
  })

  test('fails where nobody listens', async () => {
    const { answer } = await failureOf(HandshakeError, open('/', { url: 'ws://127.0.0.1:1/' }))
    expect(answer).toBeUndefined()
  })
})

test('its TLS handshake begins like that of the browser, which sends values that mean nothing', async () => {
  const hello = Promise.withResolvers<Buffer>()
  const listener = createServer((socket) => {
    socket.once('data', (bytes) => {
      hello.resolve(Buffer.from(bytes))
      socket.destroy()
    })
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : undefined
  await failureOf(HandshakeError, open('/', { url: `wss://127.0.0.1:${port}/` }))
  listener.close()
  const [first = 0] = cipherSuites(await hello.promise)
  // GREASE (RFC 8701): both bytes alike, and their lower halves ten
  expect([first & 0x0f0f, first >> 8]).toEqual([0x0a0a, first & 0xff])
})

/** The cipher suites of a ClientHello: after the record, the version, the random bytes and the session's id. */
function cipherSuites(hello: Buffer): number[] {
  const sessionAt = 5 + 4 + 2 + 32
  const listAt = sessionAt + 1 + (hello[sessionAt] ?? 0)
  const count = hello.readUInt16BE(listAt) / 2
  return Array.from({ length: count }, (_, index) => hello.readUInt16BE(listAt + 2 + index * 2))
}
