import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { JsonObject } from '../../util/json-fields.ts'
import type { ChatCall, ConversationPlace } from '../chat-call.ts'
import { HandshakeError, type SocketRequest } from '../socket.ts'
import { openGatewayChat, type GatewayChatOptions } from './open-chat.ts'
import { ScriptedSocket, type ServerStep } from './socket-for-tests.ts'

const FIXTURES = join(import.meta.dir, '../../../test/fixtures/gateway-chat')
const USER = '6b2fd7f4-52f1-4d7f-9f0e-3a1f5d0c7a01'
const SESSION = '2d9a7c10-0f3b-4c44-8e3a-90b1c2d3e4f5'
const INIT = 'evt_init_3d0a1a1e-8c5e-4a55-9d3f-0b7f5e7b9c01'

const say = (event: object, session_id = SESSION): ServerStep => ({
  type: 'say',
  text: JSON.stringify({ session_id, event }),
})
const created = say({ type: 'session.created', client_event_id: 'ID' })
const attached = say({ type: 'conversation.attached', conversation: { id: SESSION } })
const text = (said: string): ServerStep => say({ type: 'response.chunk', chunk: { text: { text: said } } })
const done = say({ type: 'response.done', response: { id: 'r-1', status: 'completed' } })
const turn: ServerStep = { type: 'hear', messages: 3 }
const opening = [created, attached, turn]

/** The lines of a transcript: those of the server as steps, those of ours to compare with. */
async function transcript(name: string): Promise<{ steps: ServerStep[]; client: JsonObject[] }> {
  const lines = (await Bun.file(join(FIXTURES, `${name}.txt`)).text()).trim().split('\n')
  const steps: ServerStep[] = []
  const client: JsonObject[] = []
  for (const line of lines) {
    if (line.startsWith('S> ')) steps.push({ type: 'say', text: line.slice(3).replaceAll(INIT, 'ID') })
    else {
      const message = JSON.parse(line.slice(3))
      // the heartbeat comes by the clock, not by the order
      if (message.event.type !== 'ping') client.push(message)
      steps.push({ type: 'hear', messages: client.length })
    }
  }
  return { steps, client }
}

interface Played {
  readonly events: readonly ChatEvent[]
  readonly failure: GatewayError | undefined
  readonly socket: ScriptedSocket
  readonly places: readonly ConversationPlace[]
  readonly served: number
  readonly request: SocketRequest | undefined
}

interface PlayOptions {
  readonly call?: Partial<ChatCall>
  readonly options?: Partial<GatewayChatOptions>
  readonly idleSeconds?: number
  readonly customInstruction?: string
}

async function play(
  steps: readonly ServerStep[],
  { call = {}, options = {}, idleSeconds = 1, customInstruction = '' }: PlayOptions = {},
): Promise<Played> {
  const socket = new ScriptedSocket(steps)
  const places: ConversationPlace[] = []
  let served = 0
  let request: SocketRequest | undefined
  const stream = openGatewayChat(
    {
      openSocket: async (asked) => {
        request = asked
        return socket
      },
      settings: () => ({
        baseUrl: 'https://grok.test',
        assetsUrl: 'https://assets.test',
        chatProtocol: 'gateway',
        userAgent: 'Mozilla/5.0 Test',
        edgeCookies: 'cf_clearance=edge; x-userid=other',
        statsig: { value: '', placeholder: false },
        chatIdleSeconds: idleSeconds,
        temporary: true,
        memory: false,
        customInstruction,
      }),
      clock: () => 1786000000123,
      onAnswer: () => {},
      call: () => Promise.reject(new Error('the user id is known')),
      userIds: { find: () => USER, keep: () => {} },
      ...options,
    },
    {
      accountId: 1,
      credential: 'token',
      mode: 'fast',
      prompt: '[user]: hi',
      fileIds: [],
      signal: new AbortController().signal,
      onServed: () => {
        served++
      },
      onPlaced: (place) => places.push(place),
      ...call,
    },
  )
  const events: ChatEvent[] = []
  let failure: GatewayError | undefined
  try {
    for await (const batch of stream) events.push(...batch)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    failure = error
  }
  return { events, failure, socket, places, served, request }
}

const textOf = (events: readonly ChatEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

/** What differs from run to run is made alike. */
const comparable = (messages: readonly JsonObject[]): unknown =>
  JSON.parse(
    JSON.stringify(messages)
      .replaceAll(/evt_init_[0-9a-f-]{36}/g, 'evt_init')
      .replaceAll(/"client_message_id":"[0-9a-f-]{36}"/g, '"client_message_id":"id"'),
  )

describe('the transcripts', () => {
  test.each([
    ['t10', 'fast', '[user]\nName the largest planet.', {}],
    ['t11', 'expert', '[user]\nWhen does the Orion-9 probe launch?', {}],
    [
      't12',
      'auto',
      '[user]\nWhat is on this picture?',
      {
        fileIds: ['f3a1c0de-0000-4000-8000-00000000f001'],
        continues: { conversationId: SESSION, responseId: 'e7f0a1b2-1111-4222-8333-444455556665' },
      },
    ],
    ['t13', 'heavy', '[user]\nhi', {}],
    ['t14', 'auto', '[user]\nDraw a red kite.', {}],
    ['t15', 'heavy', '[user]\nHard question', {}],
  ] as const)('%s: our side is as it was seen', async (name, mode, prompt, more) => {
    const { steps, client } = await transcript(name)
    const { socket } = await play(steps, { call: { mode, prompt, ...more } })
    expect(comparable(socket.heard)).toEqual(comparable(client))
    expect(socket.isClosed).toBe(true)
  })

  test('T10: the text once, although it is told again at its end; the place where it goes on', async () => {
    const { events, places, served } = await play((await transcript('t10')).steps)
    expect(events).toEqual([
      { type: 'text-delta', text: 'The largest' },
      { type: 'text-delta', text: ' planet is **Jupiter**.' },
      { type: 'finish', reason: 'stop' },
    ])
    expect(places).toEqual([{ conversationId: SESSION, responseId: 'e7f0a1b2-1111-4222-8333-444455556666' }])
    expect(served).toBe(1)
  })

  test('T11: thinking, searches, sources, and citations at their code points, the adjacent repetition once', async () => {
    const { events } = await play((await transcript('t11')).steps)
    expect(events.filter(({ type }) => type === 'reasoning-delta')).toEqual([
      { type: 'reasoning-delta', text: 'Thinking about your request', kind: 'heading', agent: 'Grok' },
      { type: 'reasoning-delta', text: "Checking the operator's page.\n", kind: 'summary', agent: 'Grok' },
    ])
    expect(events.filter(({ type }) => type.startsWith('tool-'))).toEqual([
      {
        type: 'tool-start',
        id: 'tu-1',
        tool: 'web_search',
        argument: 'Orion-9 probe launch date',
        agent: 'Grok',
      },
      { type: 'tool-end', id: 'tu-1' },
      { type: 'tool-start', id: 'tu-2', tool: 'x_search', argument: 'Orion-9', agent: 'Grok' },
      { type: 'tool-end', id: 'tu-2' },
    ])
    expect(events.flatMap((event) => (event.type === 'source' ? [[event.kind, event.title]] : []))).toEqual([
      ['web', 'Orion-9 mission page'],
      ['x_post', '𝕏/@orion9ops: Launch NET 3 May.'],
    ])
    const characters = Array.from(textOf(events))
    const cited = events.flatMap((event) =>
      event.type === 'citation' ? [characters.slice(event.start, event.end).join('')] : [],
    )
    expect(cited).toEqual([
      ' [[1]](https://space.example.org/orion9)',
      ' [[2]](https://x.com/orion9ops/status/1900000000000000017)',
    ])
  })

  test('T13: a limit that is told in the stream is a rate limit, before any event', async () => {
    const { failure, events } = await play((await transcript('t13')).steps)
    expect([failure?.code, events]).toEqual(['rate_limited', []])
  })

  test('T14: one picture, told three times in three ways', async () => {
    const { events } = await play((await transcript('t14')).steps)
    const id = '11111111-aaaa-4aaa-8aaa-000000000001'
    expect(events.filter(({ type }) => type.startsWith('image'))).toEqual([
      { type: 'image-progress', id, percent: 50 },
      { type: 'image', id, url: `https://assets.test/users/6b2f/generated/${id}/image.jpg` },
    ])
  })
})

describe('the handshake', () => {
  test('is that of the account: its id twice, the cookies of the edge, nothing else', async () => {
    const { request } = await play([...opening, text('hi'), done])
    expect(request?.url).toBe(`wss://grok.test/ws/mgw/?uid=${USER}`)
    expect(request?.headers).toEqual({
      origin: 'https://grok.test',
      'user-agent': 'Mozilla/5.0 Test',
      'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      cookie: `sso=token; sso-rw=token; cf_clearance=edge; x-userid=${USER}`,
    })
  })

  test.each([
    [401, '{"error":{"code":16}}', 'credential_invalid'],
    [403, '{"code":7,"message":"User is blocked"}', 'account_blocked'],
    [403, '<title>Just a moment...</title>', 'egress_rejected'],
    [429, '', 'rate_limited'],
    [502, '', 'upstream_unavailable'],
  ] as const)('that is answered with %i %s is %s', async (status, body, code) => {
    const openSocket = () =>
      Promise.reject(new HandshakeError('refused', { status, headers: new Headers(), body }))
    expect((await play([], { options: { openSocket } })).failure?.code).toBe(code)
  })

  test('asks who the account is, once, when that is not known', async () => {
    const kept: unknown[] = []
    const answer = { session: { userId: USER } }
    const options: Partial<GatewayChatOptions> = {
      userIds: { find: () => null, keep: (...all) => kept.push(all) },
      call: async ({ path }) => {
        expect(path).toBe('/api/auth/session')
        const body = new TextEncoder().encode(JSON.stringify(answer))
        return { status: 200, headers: new Headers(), body }
      },
    }
    const { request } = await play([...opening, text('hi'), done], { options })
    expect(request?.url).toEndWith(USER)
    expect(kept).toEqual([[1, USER]])
  })

  test('is not tried with an id that is none', async () => {
    const call: GatewayChatOptions['call'] = async () => ({
      status: 200,
      headers: new Headers(),
      body: new TextEncoder().encode('{"userId":"someone"}'),
    })
    const options = { call, userIds: { find: () => null, keep: () => {} } }
    const { failure, request } = await play([], { options })
    expect([failure?.code, request]).toEqual(['upstream_unavailable', undefined])
  })
})

describe('the confirmations', () => {
  test('may come in either order; the turn waits for both and is sent once', async () => {
    for (const both of [
      [created, attached],
      [attached, created],
    ]) {
      const waits: ServerStep[] = [...both.slice(0, 1), { type: 'hear', messages: 1 }, ...both.slice(1)]
      const { events, socket } = await play([...waits, turn, created, attached, text('hi'), done])
      expect(textOf(events)).toBe('hi')
      expect(socket.heard).toHaveLength(3)
    }
  })

  test('of another session, or content before the turn, are not ours', async () => {
    const other = say({ type: 'session.created', client_event_id: 'evt_init_other' })
    const { events } = await play([
      other,
      text('old'),
      created,
      text('older'),
      attached,
      turn,
      text('hi'),
      done,
    ])
    expect(textOf(events)).toBe('hi')
  })

  test('that name two conversations end the attempt, and no turn is sent', async () => {
    const foreign = say({ type: 'conversation.attached', conversation: { id: 'other' } })
    for (const both of [
      [created, foreign],
      [foreign, created],
    ]) {
      const { failure, socket, served } = await play(both)
      expect([failure?.code, socket.heard.length, served]).toEqual(['upstream_unavailable', 1, 0])
    }
  })
})

describe('the end', () => {
  const incomplete = say({ type: 'response.done', response: { status: 'incomplete' } })
  const ended = say({ type: 'session.ended' })
  test.each([
    ['a socket that closes', { type: 'close' }],
    ['a session that ends', ended],
    ['an answer that is not complete', incomplete],
  ] as const)('%s is an error, after what was said before', async (_, last) => {
    const { failure, events } = await play([...opening, text('half'), { type: 'hear', messages: 3 }, last])
    expect(failure?.code).toBe('upstream_unavailable')
    expect(events.length).toBeLessThanOrEqual(1)
  })

  test('without a status is success; with nothing said it is an error', async () => {
    const silent = say({ type: 'response.done', response: { id: 'r' } })
    expect((await play([...opening, text('hi'), silent])).events.at(-1)).toEqual({
      type: 'finish',
      reason: 'stop',
    })
    expect((await play([...opening, silent])).failure?.code).toBe('upstream_unavailable')
  })

  test('of a silent upstream comes after the idle time; signs of life alone do not put it off', async () => {
    const pong = { type: 'say', text: '{"event":{"type":"pong"}}' } as const
    const { failure } = await play([...opening, text('hi'), pong, pong], { idleSeconds: 0.05 })
    expect(failure?.code).toBe('upstream_timeout')
  })

  test('of a client that leaves is nobody’s fault, and closes the socket', async () => {
    const leaving = new AbortController()
    leaving.abort()
    const openSocket = () => Promise.reject(leaving.signal.reason)
    const { failure } = await play([], { call: { signal: leaving.signal }, options: { openSocket } })
    expect(failure?.code).toBe('client_closed')
  })
})

describe('signs of life', () => {
  test('are sent by the clock, and a ping is answered', async () => {
    const ping: ServerStep = { type: 'say', text: '{"event":{"type":"ping","event_id":"p-1"}}' }
    const { socket } = await play([...opening, ping, { type: 'hear', messages: 6 }, text('hi'), done], {
      options: { heartbeatMs: 5 },
      idleSeconds: 0.05,
    })
    const types = socket.heard.slice(3).map(({ event }) => event)
    expect(types[0]).toEqual({ type: 'pong', event_id: 'p-1' })
    expect(types[1]).toEqual({ type: 'ping', event_id: 'evt_hb_1786000000123' })
  })
})

test("the operator's instruction goes before the prompt, for which the protocol has no field", async () => {
  const { socket } = await play([...opening, text('hi'), done], { customInstruction: ' Be kind. ' })
  expect(JSON.stringify(socket.heard[1])).toContain('"text":"[system]: Be kind.\\n\\n[user]: hi"')
})
