import { describe, expect, test } from 'bun:test'
import { isObject, type JsonObject } from '../answers/frame.ts'
import { GATEWAY_TRANSCRIPTS, gatewayTranscript } from '../answers/transcripts.ts'
import { DEFAULT_ACCOUNTS } from '../state/accounts.ts'
import { openGateway, sessionMessage, turnMessages } from '../testing/gateway-client.ts'
import { useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })
const [, user] = DEFAULT_ACCOUNTS
if (!user) throw new Error('there is no second account')

const open = () => openGateway(service.url, user)

async function say(text: string): Promise<readonly JsonObject[]> {
  const client = await open()
  const events = await client.ask(await client.open(), { text })
  client.close()
  return events
}

const typesOf = (events: readonly JsonObject[]): readonly unknown[] => events.map(({ type }) => type)

const chunksOf = (events: readonly JsonObject[], key: string): readonly JsonObject[] =>
  events.flatMap(({ chunk }) => (isObject(chunk) && isObject(chunk[key]) ? [chunk[key]] : []))

const answerOf = (events: readonly JsonObject[]): string =>
  chunksOf(events, 'text')
    .filter(({ channel }) => channel === undefined || channel === 'CHANNEL_ASSISTANT_RESPONSE')
    .map(({ text }) => text)
    .join('')

describe('the handshake', () => {
  test.each([
    ['another user', user.token, 'b0000000-0000-4000-8000-000000000001', 403],
    ['no UUID', user.token, 'someone', 400],
    ['an unknown token', 'nobody', user.userId, 401],
  ])('of %s is refused', async (_, token, userId, status) => {
    await expect(openGateway(service.url, { token, userId })).rejects.toThrow(`status code: ${status}`)
  })

  test('is hit by faults, and its record stays open until the socket is closed', async () => {
    await service.control.addFault({
      path: '/ws/mgw/',
      times: 1,
      action: { type: 'http', kind: 'challenge' },
    })
    await expect(open()).rejects.toThrow('status code: 403')
    const client = await open()
    await service.control.waitForRequest({ method: 'GET', outcome: 'open' })
    expect((await service.control.counters()).openStreams).toBe(1)
    client.close()
    await service.control.waitForRequest({ method: 'GET', status: 101, outcome: 'client-closed' })
    expect((await service.control.counters()).openStreams).toBe(0)
  })
})

describe('the order', () => {
  test('is two confirmations with the id of the conversation, then the turn', async () => {
    const client = await open()
    const sessionId = await client.open()
    const confirmations = client.heard.map((text) => JSON.parse(text))
    expect(confirmations).toMatchObject([
      { session_id: sessionId, event: { type: 'session.created', client_event_id: 'evt_init_1' } },
      { session_id: sessionId, event: { type: 'conversation.attached', conversation: { id: sessionId } } },
    ])
    const events = await client.ask(sessionId, { text: '[[say:abc def]]' })
    expect(typesOf(events).slice(0, 2)).toEqual(['conversation.item.added', 'response.created'])
    expect(events.at(-1)).toMatchObject({ type: 'response.done', response: { status: 'completed' } })
    expect(answerOf(events)).toBe('abc def')
    client.close()
  })

  test('a turn before its session, and a response without an item, are refused and end the socket', async () => {
    for (const message of turnMessages('s', { text: 'hi' })) {
      const client = await open()
      client.send(message)
      expect(await client.closed).toBe(1008)
      expect(client.heard.join('')).toContain('"type":"error"')
    }
  })

  test('a message that is no JSON ends the socket with 1008', async () => {
    const client = await open()
    client.sendRaw('{')
    expect(await client.closed).toBe(1008)
  })

  test('a mode that the account does not have, and a file that is not its own, are refused', async () => {
    const client = await open()
    client.send(sessionMessage({ model: 'heavy' }))
    expect(await client.closed).toBe(1008)
    const other = await open()
    const events = await other.ask(await other.open(), { text: 'hi', fileIds: ['nothing'] })
    expect(events).toMatchObject([{ type: 'error', error: { code: 5 } }])
  })

  test('a ping gets a pong', async () => {
    const client = await open()
    client.send({ event: { type: 'ping', event_id: 'evt_hb_1' } })
    expect(await client.until(() => true)).toEqual([{ type: 'pong', client_event_id: 'evt_hb_1' }])
    client.close()
  })

  test('a conversation goes on for its own account only, and only from its last answer', async () => {
    const first = await open()
    const sessionId = await first.open()
    const done = (await first.ask(sessionId, { text: '[[say:one]]' })).at(-1)
    const parentResponseId = isObject(done?.['response']) ? String(done['response']['id']) : ''
    const existing = { session_id: sessionId, conversation_id: sessionId, load_existing: true }
    const second = await open()
    expect(await second.open(existing)).toBe(sessionId)
    const events = await second.ask(sessionId, { text: '[[say:two]]', parentResponseId })
    expect(answerOf(events)).toBe('two')
    const third = await open()
    await third.open(existing)
    expect(await third.ask(sessionId, { text: 'hi', parentResponseId })).toMatchObject([{ type: 'error' }])
    const stranger = await openGateway(service.url, DEFAULT_ACCOUNTS[0] ?? user)
    stranger.send(sessionMessage(existing))
    expect(await stranger.closed).toBe(1008)
    for (const client of [first, second]) client.close()
  })
})

describe('an answer', () => {
  test.each(GATEWAY_TRANSCRIPTS)('%s is played as the specification has it', async (name) => {
    const events = await say(`[[${name.toUpperCase()}]]`)
    const known = gatewayTranscript(name)
    const end = known.findIndex(({ type }) => type === 'response.done') + 1
    expect(events).toEqual(known.slice(0, end))
  })

  test('of every family of the older protocol has the same words', async () => {
    for (const word of ['T1', 'T2', 'T4', 'T8', 'T9', 'thinking', 'agents', 'tool-call']) {
      expect([word, answerOf(await say(`[[${word}]]`))]).not.toEqual([word, ''])
    }
    expect(answerOf(await say('[[T1]]'))).toBe('The largest planet is **Jupiter**.')
  })

  test('with searches has cards, results and citations in their place', async () => {
    const events = await say('[[search]]')
    expect(chunksOf(events, 'tool_usage_card').map(({ tool_usage_card_id }) => tool_usage_card_id)).toEqual([
      'tu-1',
      'tu-2',
    ])
    expect(chunksOf(events, 'tool_result')).toMatchObject([
      { tool_call_id: 'tu-1', web_search: { webpages: [{ title: 'Orion-9 mission page' }, {}] } },
      { tool_call_id: 'tu-2', x_post: { posts: [{ userhandle: 'orion9ops' }] } },
    ])
    expect(chunksOf(events, 'render_citation')).toMatchObject([
      { kind: 'CITATION_KIND_WEB_PAGE' },
      { kind: 'CITATION_KIND_X_POST' },
    ])
    expect(answerOf(events)).not.toContain('<grok:render')
    expect(answerOf(await say('[[split-render-tag]]'))).toContain('<grok:render card_id="c1a0f1"')
  })

  test('spends a query; an empty window is a stream error of code 8, then a failed end', async () => {
    await service.control.patchAccount(user.token, { quotas: { fast: { remaining: 1 } } })
    await say('[[say:x]]')
    expect(await say('[[say:x]]')).toMatchObject([
      {
        type: 'response.grok.output',
        output: { stream_error: { code: 8, details: { usage_limit_reached: {} } } },
      },
      { type: 'response.done', response: { status: 'failed' } },
    ])
  })

  test.each([
    ['error-first', ['response.grok.output', 'response.done']],
    ['anti-bot', ['error']],
    ['http:blocked', ['error']],
    ['missing-end', ['conversation.item.added', 'response.created', 'response.chunk', 'response.chunk']],
    ['cut:2', ['conversation.item.added', 'response.created', undefined]],
    ['stall:0', []],
  ])('with [[%s]] goes wrong in that way', async (word, types) => {
    const client = await open()
    const sessionId = await client.open()
    for (const message of turnMessages(sessionId, { text: `[[${word}]] [[empty]]` })) client.send(message)
    if (word.startsWith('stall')) setTimeout(() => client.close(), 20)
    const wanted = types.length
    let seen = 0
    const events = await client.until(() => (seen += 1) === wanted)
    expect(typesOf(events)).toEqual(types)
    client.close()
  })

  test.each([
    ['duplicate-families', 'response.output_text.delta'],
    ['server-ping', 'ping'],
    ['session-ended', 'session.ended'],
  ])('with the effect %s has a %s', async (word, type) => {
    expect(typesOf(await say(`[[say:abc]] [[${word}]]`))).toContain(type)
  })

  test('of a client that did not ask for chunks is in deltas', async () => {
    const client = await open()
    const events = await client.ask(await client.open({ use_chunk: false }), { text: '[[say:abc def]]' })
    expect(events.flatMap(({ delta }) => (typeof delta === 'string' ? [delta] : [])).join('')).toBe('abc def')
    client.close()
  })
})
