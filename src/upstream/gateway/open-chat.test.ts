import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../core/error.ts'
import { HandshakeError } from '../socket.ts'
import { USER, attached, created, done, opening, play, say, text, textOf, turn } from './play-for-tests.ts'
import type { ServerStep } from './socket-for-tests.ts'

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

test('a conversation that the upstream has forgotten is no fault of the account', async () => {
  const continues = { conversationId: 'kept', responseId: 'r-0' }
  const { failure, socket } = await play([created, attached], { call: { continues } })
  expect([failure?.code, failure?.reason, socket.heard.length]).toEqual([
    'upstream_rejected',
    'request-refused',
    1,
  ])
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

  test.each([
    ['before the turn', [created]],
    ['after it', [...opening]],
  ])('comes in time when only what is not known is said %s', async (_, before) => {
    const noted = new Set<string>()
    const presence = Array.from({ length: 400 }, () => say({ type: 'presence.update' }))
    const paced = presence.flatMap((step): ServerStep[] => [step, { type: 'wait', ms: 5 }])
    const began = performance.now()
    const { failure } = await play([...before, ...paced], {
      idleSeconds: 0.05,
      options: { noteDrift: (kind) => noted.add(kind) },
    })
    expect(performance.now() - began).toBeLessThan(1000)
    expect([failure?.code, failure?.reason]).toEqual(['upstream_unavailable', 'protocol-drift'])
    expect([...noted]).toEqual(['chat: event presence.update'])
  })

  test('comes in time when the confirmations never do, whatever else is said', async () => {
    const other = say({ type: 'session.created', client_event_id: 'evt_init_other' })
    const foreign = Array.from({ length: 400 }, (): ServerStep[] => [other, { type: 'wait', ms: 5 }]).flat()
    const { failure, socket } = await play(foreign, { idleSeconds: 0.05 })
    expect([failure?.code, socket.heard.length]).toEqual(['upstream_timeout', 1])
  })

  test('of a client that leaves is nobody’s fault, and closes the socket', async () => {
    const leaving = new AbortController()
    leaving.abort()
    const openSocket = () => Promise.reject(leaving.signal.reason)
    const { failure } = await play([], { call: { signal: leaving.signal }, options: { openSocket } })
    expect(failure?.code).toBe('client_closed')
  })
})

test('an account whose id cannot be found opens no socket', async () => {
  const findUserId = () => Promise.reject(new GatewayError('upstream_timeout', 'silent'))
  const { failure, request } = await play([], { options: { findUserId } })
  expect([failure?.code, request]).toEqual(['upstream_timeout', undefined])
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
