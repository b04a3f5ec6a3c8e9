import Anthropic, { APIError } from '@anthropic-ai/sdk'
import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { failureOf } from '../harness/failure-of.ts'
import { eventually } from '../harness/eventually.ts'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('the anthropic client', (protocol) => {
  let gateway: TestGateway
  let client: Anthropic

  const connect = (options: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic =>
    new Anthropic({ baseURL: gateway.url, apiKey: API_KEY, maxRetries: 0, ...options })

  beforeEach(async () => {
    gateway = await protocol.start()
    client = connect()
  })

  afterEach(() => gateway.stop())

  const ask = (content: string, model = 'grok-4.20-fast') => ({
    model,
    max_tokens: 4000,
    messages: [{ role: 'user' as const, content }],
  })

  /** What the official client throws. */
  const failure = (call: PromiseLike<unknown>) => failureOf(APIError, call)

  describe('the official anthropic client', () => {
    test('gets a plain answer with every key that its types promise', async () => {
      const message = await client.messages.create(ask('[[T1]]'))
      expect(message).toMatchObject({
        type: 'message',
        role: 'assistant',
        model: 'grok-4.20-fast',
        content: [{ type: 'text', text: 'The largest planet is **Jupiter**.', citations: null }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        stop_details: null,
        container: null,
        diagnostics: null,
      })
      expect(message.id).toStartWith('msg_')
      expect(message.usage.input_tokens).toBeGreaterThan(3)
      expect(message.usage.output_tokens).toBeGreaterThan(5)
      expect(message._request_id).toStartWith('req_')
    })

    test('streams events, each once and in order', async () => {
      const events: RawMessageStreamEvent[] = []
      const stream = await client.messages.create({ ...ask('[[T1]]'), stream: true })
      for await (const event of stream) events.push(event)
      const types = events.map(({ type }) => type).filter((type) => type !== 'content_block_delta')
      expect(types).toEqual([
        'message_start',
        'content_block_start',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ])
    })

    test('adds a stream up to the same message as a plain call gives', async () => {
      const body = { ...ask('[[T2]]', 'grok-4.20-expert'), thinking: { type: 'adaptive' as const } }
      const texts: string[] = []
      const stream = client.messages.stream(body).on('text', (text) => texts.push(text))
      const streamed = await stream.finalMessage()
      const plain = await client.messages.create(body)
      const comparable = ({ content, stop_reason, usage }: Anthropic.Message) => ({
        content: content.map((block) =>
          block.type === 'thinking' ? { ...block, signature: typeof block.signature } : block,
        ),
        stop_reason,
        usage: { input: usage.input_tokens, output: usage.output_tokens },
      })
      expect(comparable(streamed)).toEqual(comparable(plain))
      expect(texts.join('')).toBe('No: 221 = 13 × 17.')
      expect(await stream.finalText()).toBe('No: 221 = 13 × 17.')
    })

    test('gets thinking only when it asks for it, and may give it back', async () => {
      const hidden = await client.messages.create(ask('[[T2]]', 'grok-4.20-expert'))
      expect(hidden.content.map(({ type }) => type)).toEqual(['text'])
      const body = {
        ...ask('[[T2]]', 'grok-4.20-expert'),
        thinking: { type: 'enabled' as const, budget_tokens: 1024 },
      }
      const shown = await client.messages.create(body)
      expect(shown.content[0]).toMatchObject({
        type: 'thinking',
        thinking: 'Thinking about your request\n- Testing small divisors of 221.\n- 13 times 17 gives 221.\n',
        signature: expect.stringMatching(/./),
      })
      const next = await client.messages.create({
        ...body,
        messages: [
          ...body.messages,
          { role: 'assistant', content: shown.content },
          { role: 'user', content: '[[T1]]' },
        ],
      })
      expect(next.content.at(-1)).toMatchObject({ text: 'The largest planet is **Jupiter**.' })
      const sent = JSON.stringify((await protocol.asked(gateway)).at(-1))
      expect(sent).not.toContain('small divisors')
    })

    test('sees the searches of the service and what the text cites, if it declares the search', async () => {
      const message = await client.messages
        .stream({
          ...ask('[[T3]]', 'grok-4.20-auto'),
          tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        })
        .finalMessage()
      const [use, found] = message.content
      expect(use).toMatchObject({ type: 'server_tool_use', input: { query: 'Orion-9 probe launch date' } })
      expect(found).toMatchObject({
        type: 'web_search_tool_result',
        content: [{ url: 'https://space.example.org/orion9' }, { url: 'https://news.example.net/a/17' }],
      })
      const text = message.content.find((block) => block.type === 'text')
      expect(text?.citations).toHaveLength(2)
      expect(message.usage.server_tool_use?.web_search_requests).toBe(2)
      const quiet = await client.messages.create(ask('[[T3]]', 'grok-4.20-auto'))
      expect(quiet.content.map(({ type }) => type)).toEqual(['text'])
    })

    test('counts tokens', async () => {
      const { model, messages } = ask('How many tokens are in these words?')
      expect((await client.messages.countTokens({ model, messages })).input_tokens).toBeGreaterThan(8)
    })

    test('lists models page by page, and one by its name', async () => {
      const ids: string[] = []
      for await (const { id, type } of client.models.list({ limit: 4 })) {
        expect(type).toBe('model')
        ids.push(id)
      }
      expect(ids).toContain('grok-4.20-fast')
      expect(new Set(ids).size).toBe(ids.length)
      expect(await client.models.retrieve('grok-4.20-fast')).toMatchObject({
        display_name: 'Grok 4.20 Fast',
        created_at: '2026-03-09T00:00:00.000Z',
      })
      expect(await failure(client.models.retrieve('claude-9'))).toBeInstanceOf(Anthropic.NotFoundError)
    })

    test('may send its key in either way, and an older version', async () => {
      const older = {
        'x-api-key': API_KEY,
        authorization: null,
        'anthropic-version': '2023-06-01',
      }
      const message = await connect({ apiKey: null, defaultHeaders: older }).messages.create(ask('[[T1]]'))
      expect(message.type).toBe('message')
      const token = await connect({ apiKey: null, authToken: API_KEY }).messages.create(ask('[[T1]]'))
      expect(token.type).toBe('message')
    })

    test('closes the upstream stream when it aborts', async () => {
      await gateway.emulator.setBehaviour({ paceMilliseconds: 5 })
      const stream = client.messages.stream(ask('[[tokens:2000]]'))
      for await (const event of stream) if (event.type === 'content_block_delta') break
      stream.abort()
      const record = await gateway.emulator.waitForRequest({ outcome: 'client-closed' })
      expect(record.framesSent).toBeLessThan(1000)
      await eventually(
        () => gateway.inFlight(),
        (inFlight) => inFlight === 0,
      )
    })
  })

  describe('when something fails, the official anthropic client', () => {
    test('knows a wrong key, an unknown model and a bad body by their classes', async () => {
      const wrong = await failure(connect({ apiKey: 'sk-wrong' }).messages.create(ask('hi')))
      expect(wrong).toBeInstanceOf(Anthropic.AuthenticationError)
      expect(wrong).toMatchObject({ type: 'authentication_error' })
      const unknown = await failure(client.messages.create(ask('hi', 'claude-9')))
      expect(unknown).toBeInstanceOf(Anthropic.NotFoundError)
      expect(unknown.requestID).toStartWith('req_')
      const bad = await failure(client.messages.create({ ...ask('hi'), messages: [] }))
      expect(bad).toBeInstanceOf(Anthropic.BadRequestError)
    })

    test('gets a 429 with Retry-After from an overloaded pool', async () => {
      await gateway.stop()
      gateway = await protocol.start({
        accounts: [{ token: 'only', tier: 'basic' }],
        environment: { GROK_ACCOUNT_SELECTION_MAX_INFLIGHT: '1' },
      })
      client = connect()
      await gateway.emulator.setBehaviour({ paceMilliseconds: 5 })
      const running = await client.messages.create({ ...ask('[[tokens:2000]]'), stream: true })
      const error = await failure(client.messages.create({ ...ask('hi'), stream: true }))
      expect(error).toBeInstanceOf(Anthropic.RateLimitError)
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThanOrEqual(1)
      running.controller.abort()
    })

    test('gets an overload, never a 401 or 403, when no login is accepted', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'unauthorized' } })
      const error = await failure(client.messages.create(ask('hi')))
      expect(error).toMatchObject({ status: 503, type: 'overloaded_error' })
    })

    test('gets one message_start although an account failed before (D-23)', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        times: 1,
        action: { type: 'in-band-error', code: 8, message: 'Too many requests' },
      })
      const message = await client.messages.stream(ask('[[T1]]')).finalMessage()
      expect(message.content).toMatchObject([{ text: 'The largest planet is **Jupiter**.' }])
      const tokens = (await protocol.calls(gateway)).map(({ token }) => token)
      expect(new Set(tokens).size).toBe(2)
    })

    test('gets an error, never a silent stop, from a stream that is cut', async () => {
      const action = { type: 'cut', afterFrames: 6, how: 'close', insideFrame: true } as const
      await gateway.emulator.addFault({ path: protocol.path, action })
      const error = await failure(client.messages.stream(ask('[[tokens:50]]')).finalMessage())
      expect(error.message).toContain('api_error')
    })
  })
})
