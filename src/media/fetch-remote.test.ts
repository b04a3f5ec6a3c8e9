import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { privateHosts, privateNames, refusedUrls } from './address-tricks-for-tests.ts'
import { fetchRemote, PUBLIC_REACH, type FetchRemoteOptions } from './fetch-remote.ts'
import { FileRefusal } from './file-refusal.ts'
import type { Reach } from './resolve-host.ts'

const never = new AbortController().signal
const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

/** Listens on every address of this machine, and only counts. */
let trap: Server
let trapPort = 0
let caught = 0

beforeAll(async () => {
  trap = createServer((socket) => {
    caught++
    socket.destroy()
  })
  await new Promise<void>((resolve) => trap.listen(0, '::', resolve))
  trapPort = (trap.address() as AddressInfo).port
})
afterEach(() => {
  caught = 0
})
afterAll(() => trap.close())

/** The real rules about addresses, at any port: so that the trap is where the tricks lead. */
const anyPort: Reach = { ...PUBLIC_REACH, allowsPort: () => true }
/** What is said without any connection; none of it tells what a name resolved to. */
const beforeConnecting = [
  'an address of a private network is not fetched',
  'this is neither an address nor a base64 "data:" URI',
  'only http and https addresses are fetched',
  'an address with a user name or password in it is not fetched',
]
const resolveTricks = async (host: string) => privateNames[host] ?? []

async function refusalOf(url: string, options: Partial<FetchRemoteOptions> = {}): Promise<FileRefusal> {
  const thrown = await fetchRemote(url, { signal: never, ...options }).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof FileRefusal)) throw new Error(`${url} was not refused`, { cause: thrown })
  return thrown
}

/** A reach that has this machine's second loopback addresses for the public internet. */
const reachOf = (...addresses: readonly string[]): Reach => ({
  allowsAddress: (address) => addresses.includes(address),
  allowsPort: () => true,
})

describe('a private address is never reached', () => {
  test('by the tricks of more than a hundred', () => {
    expect(privateHosts.length + refusedUrls.length + Object.keys(privateNames).length).toBeGreaterThan(130)
  })

  test.each(privateHosts.flatMap((host) => [`http://${host}:%s/a.png`, `https://${host}:%s/a.png`]))(
    '%j',
    async (url) => {
      const options = { reach: anyPort, resolve: resolveTricks }
      const { message } = await refusalOf(url.replace('%s', String(trapPort)), options)
      expect(message).toBeOneOf(beforeConnecting)
      expect(caught).toBe(0)
    },
  )

  test.each(Object.keys(privateNames))('by the name %s', async (name) => {
    const options = { reach: anyPort, resolve: resolveTricks }
    const { message } = await refusalOf(`http://${name}:${trapPort}/a.png`, options)
    expect([message, caught]).toEqual(['an address of a private network is not fetched', 0])
  })

  test.each(refusedUrls)('%j is refused', async (url) => {
    const { message } = await refusalOf(url, { resolve: resolveTricks })
    expect(message).toBeOneOf(beforeConnecting)
  })

  test('at another port than 80 and 443', async () => {
    const { message } = await refusalOf(`http://93.184.215.14:${trapPort}/`)
    expect(message).toBe('only the ports 80 and 443 are fetched from')
  })

  test('but the trap would have caught it', async () => {
    await refusalOf(`http://127.0.0.1:${trapPort}/`, { reach: reachOf('127.0.0.1') })
    await refusalOf(`https://name.example:${trapPort}/`, {
      reach: reachOf('127.0.0.1'),
      resolve: async () => ['127.0.0.1'],
    })
    expect(caught).toBe(2)
  })
})

describe('a name is resolved once', () => {
  test('so that its second answer is never connected to', async () => {
    await using server = serveFile(() => new Response(PNG))
    let asked = 0
    const resolve = async () => (asked++ === 0 ? ['127.0.0.2'] : ['127.0.0.1'])
    const options = { signal: never, resolve, reach: reachOf('127.0.0.2') }
    const { bytes } = await fetchRemote(`http://rebinding.example:${server.port}/a.png`, options)
    expect(Buffer.from(bytes)).toEqual(PNG)
    expect([asked, server.seen.length]).toEqual([1, 1])
    // the next fetch gets the private answer
    await refusalOf(`http://rebinding.example:${server.port}/a.png`, options)
    expect([asked, server.seen.length]).toEqual([2, 1])
  })

  test('and again at each redirect, which may not lead inside', async () => {
    await using server = serveFile(() => Response.redirect(`http://rebinding.example:${trapPort}/`))
    let asked = 0
    const resolve = async () => (asked++ === 0 ? ['127.0.0.2'] : ['127.0.0.1'])
    await refusalOf(`http://rebinding.example:${server.port}/`, { resolve, reach: reachOf('127.0.0.2') })
    expect([asked, caught]).toEqual([2, 0])
  })

  test('and its other addresses are tried when one does not answer', async () => {
    await using server = serveFile(() => new Response(PNG))
    const addresses = ['127.0.0.3', '127.0.0.2']
    const { name } = await fetchRemote(`http://two.example:${server.port}/a.png`, {
      signal: never,
      resolve: async () => addresses,
      reach: reachOf(...addresses),
    })
    expect(name).toBe('a.png')
  })
})

describe('redirects', () => {
  const inside = [
    'http://127.0.0.1:%s/',
    'http://localhost:%s/',
    'http://[::1]:%s/',
    '//127.0.0.1:%s/',
    'file:///etc/passwd',
  ]
  test.each([...inside, 'http://user:secret@out.example/'])('to %s are refused', async (location) => {
    const headers = { location: location.replace('%s', String(trapPort)) }
    await using server = serveFile(() => new Response(null, { status: 302, headers }))
    await refusalOf(`http://out.example:${server.port}/`, out)
    expect([server.seen.length, caught]).toEqual([1, 0])
  })

  test('are followed three times and no more', async () => {
    await using server = serveFile(({ pathname }) => {
      const left = Number(pathname.slice(1))
      return left === 0
        ? new Response(PNG)
        : new Response(null, { status: 307, headers: { location: `/${left - 1}` } })
    })
    const base = `http://out.example:${server.port}`
    expect(Buffer.from((await fetchRemote(`${base}/3`, { signal: never, ...out })).bytes)).toEqual(PNG)
    expect((await refusalOf(`${base}/4`, out)).message).toBe('the address leads on more than 3 times')
  })
})

describe('a server', () => {
  test('is told nothing but what it is asked for, by the name that was asked', async () => {
    await using server = serveFile(() => new Response(PNG, { headers: { 'content-type': 'image/png; x=1' } }))
    const file = await fetchRemote(`http://out.example:${server.port}/a/my%20cat.png?x=1#y`, {
      signal: never,
      ...out,
    })
    expect(file).toEqual({ bytes: PNG, mediaType: 'image/png', name: 'my cat.png' })
    expect(server.seen[0]).toEqual({
      accept: '*/*',
      'accept-encoding': 'identity',
      connection: 'close',
      host: `out.example:${server.port}`,
      'user-agent': 'grok2api',
    })
  })

  test('that fails, or answers in a form that nobody asked for, is told by name', async () => {
    await using server = serveFile(({ pathname }) =>
      pathname === '/gone'
        ? new Response('no', { status: 404 })
        : new Response(Bun.gzipSync(PNG), { headers: { 'content-encoding': 'gzip' } }),
    )
    const base = `http://out.example:${server.port}`
    expect((await refusalOf(`${base}/gone`, out)).message).toBe('the address answered 404')
    expect((await refusalOf(`${base}/gzip`, out)).message).toContain('compressed')
  })

  test('that gives too much is left, whether it says so or not', async () => {
    const limits = { sizeBytes: 1000 }
    await using server = serveFile(({ pathname }) =>
      pathname === '/said' ? new Response(new Uint8Array(1001)) : new Response(endless()),
    )
    for (const path of ['/said', '/unsaid']) {
      const refusal = await refusalOf(`http://out.example:${server.port}${path}`, { ...out, limits })
      expect([refusal.fault, refusal.message]).toEqual(['too-large', 'the file has more than 1000 bytes'])
    }
  })

  test('that never ends is left in time, and so is a resolver', async () => {
    await using server = serveFile(() => new Promise<Response>(() => {}))
    const url = `http://out.example:${server.port}/`
    expect((await refusalOf(url, { ...out, limits: { totalSeconds: 0.05 } })).message).toContain(
      'within 0.05 s',
    )
    const resolve = () => new Promise<string[]>(() => {})
    expect((await refusalOf(url, { ...out, resolve, limits: { resolveSeconds: 0.05 } })).message).toContain(
      'resolved',
    )
  })

  test('that is down, or unknown, is a refusal without the reason', async () => {
    const down = await refusalOf('http://out.example:1/', out)
    expect(down.message).toBe('the address could not be fetched')
    expect((await refusalOf('http://nowhere.example/', { resolve: async () => [] })).message).toContain(
      'resolved',
    )
  })

  test('is left when the caller leaves', async () => {
    const leaving = new AbortController()
    await using server = serveFile(() => {
      leaving.abort(new Error('gone'))
      return new Promise<Response>(() => {})
    })
    const fetching = fetchRemote(`http://out.example:${server.port}/`, { ...out, signal: leaving.signal })
    await expect(fetching).rejects.toThrow('gone')
  })
})

/** For the tests of servers: one name at one address, which counts as public. */
const out = { resolve: async () => ['127.0.0.2'], reach: reachOf('127.0.0.2') }

function serveFile(answer: (url: URL) => Response | Promise<Response>) {
  const seen: Record<string, string>[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.2',
    fetch: (request) => {
      seen.push(Object.fromEntries(request.headers))
      return answer(new URL(request.url))
    },
  })
  return { port: server.port, seen, [Symbol.asyncDispose]: () => server.stop(true) }
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(400)) })
}
