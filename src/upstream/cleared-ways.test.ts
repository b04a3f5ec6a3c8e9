import { describe, expect, test } from 'bun:test'
import { clearSockets, clearTransport, type EdgePass, type EdgePasses } from './cleared-ways.ts'
import { HandshakeError, type SocketRequest, type UpstreamSocket } from './socket.ts'
import type { HttpAnswer, TransportRequest } from './transport.ts'

const CHROME = (version: number): string =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
const passes = (...versions: readonly number[]): readonly EdgePass[] =>
  versions.map((version) => ({
    id: `pass-${version}`,
    cookies: `cf_clearance=${version}`,
    userAgent: CHROME(version),
  }))

/** Gives these passes, one after another, and notes what it is told. */
function give(...list: readonly EdgePass[]) {
  const told: string[] = []
  const left = [...list]
  const edge: EdgePasses = {
    isOn: () => true,
    acquire: async ({ origin, proxyUrl }) => {
      told.push(`acquire ${origin} ${proxyUrl ?? 'direct'}`)
      return left.shift()
    },
    renew: async (_, refused) => {
      told.push(`renew ${refused?.id ?? 'none'}`)
      return left.shift()
    },
    confirm: (_, { id }) => void told.push(`confirm ${id}`),
  }
  return { edge, told }
}

const request: TransportRequest = {
  method: 'POST',
  url: 'https://grok.test/rest/x',
  headers: {
    cookie: 'sso=a; sso-rw=a',
    'user-agent': CHROME(136),
    'sec-ch-ua': 'old',
    'sec-ch-ua-arch': 'arm',
  },
  body: 'question',
  signal: new AbortController().signal,
}
const textOf = ({ body }: HttpAnswer): Promise<string> => new Response(body).text()

const challenge = (): Response => new Response('<html>Just a moment...</html>', { status: 403 })

function carry(...answers: readonly (() => Response)[]) {
  const sent: TransportRequest[] = []
  const transport = {
    send: async (one: TransportRequest) => {
      sent.push(one)
      const answer = answers[sent.length - 1]
      if (!answer) throw new Error('sent too often')
      return answer()
    },
  }
  return { transport, sent }
}

describe('a request', () => {
  test('goes out once more after a challenge, as another browser', async () => {
    const { edge, told } = give(...passes(140, 141))
    const { transport, sent } = carry(challenge, () => new Response('fine'))
    const response = await clearTransport(transport, edge).send({ ...request, proxyUrl: 'http://proxy.test' })
    expect(await textOf(response)).toBe('fine')
    expect(told).toEqual([
      'acquire https://grok.test http://proxy.test',
      'renew pass-140',
      'confirm pass-141',
    ])
    const carried = { body: 'question', proxyUrl: 'http://proxy.test' }
    expect(sent).toMatchObject([carried, carried])
    expect(sent[1]?.headers).toMatchObject({
      cookie: 'sso=a; sso-rw=a; cf_clearance=141',
      'user-agent': CHROME(141),
      'sec-ch-ua': expect.stringContaining('"141"'),
      'sec-ch-ua-arch': 'x86',
    })
  })

  test('is not repeated a second time: the challenge is the answer', async () => {
    const { edge, told } = give(...passes(140, 141, 142))
    const { transport } = carry(challenge, challenge)
    const response = await clearTransport(transport, edge).send(request)
    expect(response.status).toBe(403)
    expect(await textOf(response)).toContain('Just a moment')
    expect(told.slice(1)).toEqual(['renew pass-140'])
  })

  test('of an account that is challenged whatever it shows costs no pass after pass', async () => {
    const { edge, told } = give(...passes(140, 141, 142, 143, 144, 145))
    const fine = (): Response => new Response('fine')
    const { transport } = carry(challenge, challenge, challenge, fine, challenge, fine)
    const cleared = clearTransport(transport, edge)
    const ask = (account: string, more: Partial<TransportRequest> = {}): Promise<HttpAnswer> =>
      cleared.send({ ...request, headers: { ...request.headers, cookie: `sso=${account}` }, ...more })
    const told403 = [await ask('a'), await ask('a')].map(({ status }) => status)
    const others = [await ask('b'), await ask('a', { proxyUrl: 'http://proxy.test' })]
    expect([told403, others.map(({ status }) => status)]).toEqual([
      [403, 403],
      [200, 200],
    ])
    expect(told.filter((words) => words.startsWith('renew'))).toEqual(['renew pass-140', 'renew pass-144'])
  })

  test('without a pass to be had gets the challenge as its answer', async () => {
    const { edge, told } = give()
    const { transport } = carry(challenge)
    expect((await clearTransport(transport, edge).send(request)).status).toBe(403)
    expect(told.slice(1)).toEqual(['renew none'])
  })

  test.each([
    ['a refusal in JSON', () => Response.json({ error: 'policy' }, { status: 403 })],
    ['a service that is down', () => new Response('no', { status: 503 })],
    ['a limit', () => new Response('<html>', { status: 429 })],
    ['a page', () => new Response('<html>challenge-platform</html>')],
  ])('that got %s was let through, and its answer can be read', async (_, answer) => {
    const { edge, told } = give(...passes(140))
    const { transport } = carry(answer)
    const response = await clearTransport(transport, edge).send(request)
    const expected = answer()
    expect(response.status).toBe(expected.status)
    expect(await textOf(response)).toBe(await expected.text())
    expect(told.slice(1)).toEqual(['confirm pass-140'])
  })

  test('does not spend its time on waiting', async () => {
    const { edge } = give(...passes(140, 141))
    const { transport } = carry(challenge, () => new Response('fine'))
    const times: string[] = []
    const timer = { pause: () => void times.push('pause'), touch: () => void times.push('touch') }
    await clearTransport(transport, edge).send({ ...request, timer })
    expect(times).toEqual(['pause', 'touch', 'pause', 'touch'])
  })
})

describe('a socket', () => {
  const handshake: SocketRequest = {
    url: 'wss://grok.test/ws',
    headers: { cookie: 'sso=a', 'user-agent': CHROME(136) },
    signal: request.signal,
  }
  const refused = (status: number, body: string): HandshakeError =>
    new HandshakeError('no', { status, headers: new Headers(), body })
  const socket: UpstreamSocket = {
    send: () => {},
    read: async () => ({ type: 'silence' }),
    take: () => undefined,
    close: () => {},
  }

  test('is opened once more after a challenge', async () => {
    const { edge, told } = give(...passes(140, 141))
    const sent: SocketRequest[] = []
    const opened = await clearSockets(async (one) => {
      sent.push(one)
      if (sent.length === 1) throw refused(403, '')
      return socket
    }, edge)(handshake)
    expect(opened).toBe(socket)
    expect(told).toEqual(['acquire https://grok.test direct', 'renew pass-140', 'confirm pass-141'])
    expect(sent[1]?.headers).toEqual({ cookie: 'sso=a; cf_clearance=141', 'user-agent': CHROME(141) })
  })

  test.each([
    ['a refusal in JSON', refused(403, '{"error":"policy"}')],
    ['a login that is over', refused(401, '')],
    ['a lost connection', new HandshakeError('lost')],
  ])('is not opened again after %s', async (_, failure) => {
    const { edge, told } = give(...passes(140, 141))
    const opening = clearSockets(async () => Promise.reject(failure), edge)(handshake)
    expect(await opening.catch((thrown: unknown) => thrown)).toBe(failure)
    expect(told).toHaveLength(1)
  })
})
