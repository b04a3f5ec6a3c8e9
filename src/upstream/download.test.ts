import { afterEach, describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import { createDownload } from './download.ts'
import { judgeMediaUrl } from './media-hosts.ts'
import { fetchTransport, type TransportRequest } from './transport.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

const settings = (origin = 'http://127.0.0.1:1'): UpstreamSettings => ({
  baseUrl: origin,
  assetsUrl: `${origin}/assets`,
  chatProtocol: 'rest',
  userAgent: 'Mozilla/5.0 Test',
  edgeCookies: 'cf_clearance=edge',
  statsig: { value: '', placeholder: false },
  chatIdleSeconds: 1,
  temporary: true,
  memory: false,
  customInstruction: '',
})

describe('an address', () => {
  test.each([
    ['http://127.0.0.1:1/assets/users/u/image.jpg', 'private'],
    ['https://assets.grok.com/users/u/image.jpg', 'private'],
    ['https://ASSETS.grok.com:443/x', 'private'],
    ['https://imagine-public.x.ai/imagine-public/images/i.png', 'public'],
    ['https://imgen.x.ai/i.png', 'public'],
    ['http://127.0.0.1:1/imagine-public/images/i.png', 'public'],
    ['http://127.0.0.1:1/public/imagine-public/images/i.png', 'public'],
    ['http://127.0.0.1:1/imagine-public/../rest/x', 'foreign'],
    ['http://127.0.0.1:1/rest/assets', 'foreign'],
    ['http://127.0.0.1:1/assets-of-others/i.png', 'foreign'],
    ['http://127.0.0.1:1/assets/../rest/secret', 'foreign'],
    ['http://127.0.0.1:2/assets/i.png', 'foreign'],
    ['http://assets.grok.com/i.png', 'foreign'],
    ['https://assets.grok.com.evil.test/i.png', 'foreign'],
    ['https://assets.grok.com:8443/i.png', 'foreign'],
    ['https://imagine-public.x.ai.evil.test/i.png', 'foreign'],
    ['https://imagine-public.evil.test/i.png', 'foreign'],
    ['https://user:pass@assets.grok.com/i.png', 'foreign'],
    ['https://evil.test/https://assets.grok.com/i.png', 'foreign'],
    ['file:///etc/passwd', 'foreign'],
    ['users/u/image.jpg', 'foreign'],
    ['', 'foreign'],
  ] as const)('%s is %s', (url, host) => {
    expect(judgeMediaUrl(url, settings())).toBe(host)
  })
})

const servers: Bun.Server<unknown>[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true)
})

function serve(answer: () => Response): { origin: string; seen: Headers[] } {
  const seen: Headers[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      seen.push(new Headers(request.headers)) // the request's own are gone once it is answered
      return answer()
    },
  })
  servers.push(server)
  return { origin: `http://127.0.0.1:${server.port}`, seen }
}

async function read(
  url: string,
  { origin = 'http://127.0.0.1:1', signal = new AbortController().signal, idleSeconds = 5 } = {},
) {
  const download = createDownload({
    transport: fetchTransport,
    settings: () => settings(origin),
    onAnswer: () => {},
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of download({ url, type: 'image', idleSeconds }, { credential: 'secret', signal }))
    chunks.push(chunk)
  return Buffer.concat(chunks)
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (thrown: unknown) => (thrown instanceof GatewayError ? thrown.code : thrown),
  )

describe('a download', () => {
  test('sends the cookie to the accounts’ own files only', async () => {
    const { origin, seen } = serve(() => new Response('bytes'))
    expect((await read(`${origin}/assets/i.png`, { origin })).toString()).toBe('bytes')
    await read(`${origin}/imagine-public/images/i.png`, { origin })
    expect(seen.map((headers) => headers.get('cookie'))).toEqual([
      'sso=secret; sso-rw=secret; cf_clearance=edge',
      null,
    ])
    expect(seen[0]?.get('origin')).toBeNull()
    expect(seen[0]?.get('accept')).toStartWith('image/avif')
  })

  test('asks nobody else', async () => {
    const asked: TransportRequest[] = []
    const transport = {
      send: async (request: TransportRequest) => {
        asked.push(request)
        return new Response('')
      },
    }
    const download = createDownload({ transport, settings, onAnswer: () => {} })
    const signal = new AbortController().signal
    const media = { url: 'https://evil.test/i.png', type: 'image', idleSeconds: 1 } as const
    expect(await codeOf(download(media, { credential: 'secret', signal }).next())).toBe('upstream_rejected')
    expect(asked).toEqual([])
  })

  test('does not follow where it is sent', async () => {
    const { origin, seen } = serve(() => Response.redirect('http://127.0.0.1:1/'))
    expect(await codeOf(read(`${origin}/assets/i.png`, { origin }))).toBe('upstream_rejected')
    expect(seen).toHaveLength(1)
  })

  test.each([
    [403, 'egress_rejected'],
    [404, 'upstream_rejected'],
    [429, 'rate_limited'],
    [503, 'upstream_unavailable'],
  ])('that is answered %d says %s', async (status, code) => {
    const { origin } = serve(() => new Response('no', { status }))
    expect(await codeOf(read(`${origin}/assets/i.png`, { origin }))).toBe(code)
  })

  test.each(['content-length: 10', 'transfer-encoding: chunked'])(
    'that breaks off is a failure (%s)',
    async (head) => {
      const body = head.includes('chunked') ? '4\r\nhalf\r\n' : 'half'
      const server = Bun.listen({
        port: 0,
        hostname: '127.0.0.1',
        socket: { data: (socket) => void socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`) },
      })
      const origin = `http://127.0.0.1:${server.port}`
      expect(await codeOf(read(`${origin}/assets/i.png`, { origin }))).toBe('upstream_unavailable')
      server.stop(true)
    },
  )

  test('that falls silent is given up in time', async () => {
    const { origin } = serve(() => new Response(stallAfter('some')))
    expect(await codeOf(read(`${origin}/assets/i.png`, { origin, idleSeconds: 0.05 }))).toBe(
      'upstream_timeout',
    )
  })

  test('ends with its caller, and the upstream hears of it', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const { origin } = serve(() => new Response(stallAfter('some', resolve)))
    const leaving = new AbortController()
    const reading = codeOf(read(`${origin}/assets/i.png`, { origin, signal: leaving.signal }))
    leaving.abort()
    expect(await reading).toBe('client_closed')
    const second = createDownload({
      transport: fetchTransport,
      settings: () => settings(origin),
      onAnswer: () => {},
    })
    const stream = second(
      { url: `${origin}/assets/i.png`, type: 'image', idleSeconds: 5 },
      { credential: 'secret', signal: new AbortController().signal },
    )
    await stream.next()
    await stream.return(undefined)
    await closed
  })
})

function stallAfter(text: string, onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    cancel: onCancel,
  })
}
