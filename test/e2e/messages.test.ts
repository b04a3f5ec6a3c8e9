import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { sampleFiles } from '../../src/media/sample-files-for-tests.ts'
import { MessagesGrammar } from '../grammar/messages-grammar.ts'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { readSse } from '../harness/sse.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('messages', (protocol) => {
  const PATH = '/v1/messages'

  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterEach(() => gateway.emulator.clearFaults())

  afterAll(() => gateway.stop())

  const ask = (content: unknown, more: object = {}) => ({
    model: 'grok-4.20-expert',
    max_tokens: 4000,
    messages: [{ role: 'user', content }],
    ...more,
  })

  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 5 }
  const weather = {
    name: 'get_weather',
    input_schema: { type: 'object', properties: { city: { type: 'string' } } },
  }

  /** The events of a stream, after the grammar has seen them. */
  async function stream(body: object): Promise<Record<string, unknown>[]> {
    const response = await gateway.post(PATH, { ...body, stream: true })
    expect(response.status).toBe(200)
    const { events } = await readSse(response)
    const grammar = new MessagesGrammar()
    const faults = events.flatMap(({ event, data }) => grammar.accept({ name: event ?? '', data }))
    expect([...faults, ...grammar.end()]).toEqual([])
    return events.map(({ data }) => JSON.parse(data))
  }

  interface Message {
    content: { type: string; text?: string }[]
    stop_reason: string
    usage: { input_tokens: number; output_tokens: number }
  }

  async function complete(body: object): Promise<Message> {
    const response = await gateway.post(PATH, body)
    expect(response.status).toBe(200)
    return readJson(response)
  }

  describe('200', () => {
    test.each([
      ['[[T1]]'],
      ['[[T2]]'],
      ['[[T3]]'],
      ['[[T4]]'],
      ['[[T5]]'],
      ['[[T9]]'],
      ['[[agents]]'],
      ['[[search]]'],
      ['[[image]]'],
      ['[[moderated]]'],
      ['[[cut-bytes:7]] a long answer'],
      ['[[tool-call]]'],
      ['[[tool-call:all]]'],
      ['[[prose-tool-call]]'],
      ['[[pace:5]] [[error-late]]'],
      ['[[pace:5]] [[cut:9]] [[tokens:30]]'],
    ])('the stream of %s is of legal order and form, with everything asked for', async (prompt) => {
      const other = { ...weather, name: 'get_time' }
      await stream(ask(prompt, { thinking: { type: 'adaptive' }, tools: [search, weather, other] }))
      await stream(ask(prompt))
    })

    test('the answer folded is what its stream adds up to, ids aside', async () => {
      const body = ask('[[T3]]', { thinking: { type: 'adaptive' }, tools: [search] })
      const { content, stop_reason: reason, usage } = await complete(body)
      const events = await stream(body)
      const opened = events.flatMap(({ content_block: block }) => (block ? [block as { type: string }] : []))
      expect(content.map(({ type }) => type)).toEqual(opened.map(({ type }) => type))
      expect(events.at(-2)).toMatchObject({
        delta: { stop_reason: reason },
        usage: { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens },
      })
    })

    test('the headers keep proxies from buffering, and name the request in both ways', async () => {
      const response = await gateway.post(PATH, ask('[[T1]]', { stream: true, temperature: 1 }))
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      expect(response.headers.get('x-accel-buffering')).toBe('no')
      expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
      expect(response.headers.get('x-grok2api-ignored')).toBe('temperature')
      await response.body?.cancel()
    })

    test('a stop sequence and the cap end an answer and say so', async () => {
      const stopped = ask('[[say:one two three four]]', { stop_sequences: ['thr', 'zzz'] })
      expect(await complete(stopped)).toMatchObject({
        content: [{ text: 'one two ' }],
        stop_reason: 'stop_sequence',
        stop_sequence: 'thr',
      })
      expect((await stream(stopped)).at(-2)).toMatchObject({
        delta: { stop_reason: 'stop_sequence', stop_sequence: 'thr' },
      })
      const capped = await complete(ask('[[tokens:300]]', { max_tokens: 10 }))
      expect(capped.stop_reason).toBe('max_tokens')
      expect(capped.usage.output_tokens).toBeLessThanOrEqual(10)
    })

    test('pictures alone are a text with their addresses (D-30)', async () => {
      const { content } = await complete(ask('[[image]]'))
      expect(content.at(-1)?.text).toMatch(/http\S+\.jpg/)
    })

    test('pictures and documents go up, those in results of tools too', async () => {
      const file = (type: keyof typeof sampleFiles, kind: string, more: object = {}) => ({
        type: kind,
        source: { type: 'base64', media_type: type, data: sampleFiles[type].toString('base64') },
        ...more,
      })
      const messages = [
        { role: 'user', content: 'Look.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: [file('image/png', 'image')] },
            file('application/pdf', 'document', { title: 'Annual report.pdf' }),
            { type: 'text', text: '[[multimodal]]' },
          ],
        },
      ]
      const { content } = await complete({ ...ask(''), messages })
      expect(content[0]?.text).toMatch(/\.png[^]*Annual report\.pdf/)
      const bad = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
      const refused = await gateway.post(PATH, ask([bad]))
      expect(refused.status).toBe(400)
      expect(await refused.text()).toContain('messages.0.content.0.source')
    })

    test("Claude Code's request is taken as it is, and its messages stay in place", async () => {
      await gateway.emulator.clearRequests()
      const body = ask('unused', {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: '<system-reminder>x' },
              { type: 'text', text: '[[T1]]' },
            ],
          },
          {
            role: 'system',
            content: [{ type: 'text', text: 'Go on.', cache_control: { type: 'ephemeral' } }],
            output_config: { effort: 'medium' },
          },
        ],
        system: [
          { type: 'text', text: 'x-anthropic-billing-header: cc' },
          { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
        ],
        max_tokens: 128_000,
        thinking: { type: 'adaptive', display: 'updates' },
        output_config: { effort: 'medium' },
        context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
        metadata: { user_id: '{"device_id":"x"}' },
        tools: [
          {
            ...weather,
            input_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
          },
          { name: 'DeferredToolPlaceholder', defer_loading: true, input_schema: { type: 'object' } },
        ],
      })
      const response = await gateway.post(`${PATH}?beta=true`, body)
      expect(response.status).toBe(200)
      const message = (await protocol.asked(gateway))[0]?.prompt ?? ''
      expect(message).not.toContain('billing')
      expect(message.indexOf('Be brief.')).toBeLessThan(message.indexOf('[[T1]]'))
      expect(message.indexOf('[[T1]]')).toBeLessThan(message.indexOf('Go on.'))
    })

    test('tokens are counted without asking anybody', async () => {
      await gateway.emulator.clearRequests()
      const count = async (body: object) => {
        const response = await gateway.post(`${PATH}/count_tokens`, body)
        expect(response.status).toBe(200)
        return (await readJson<{ input_tokens: number }>(response)).input_tokens
      }
      const body = { model: 'grok-4.20-fast', messages: [{ role: 'user', content: 'foo' }] }
      const bare = await count(body)
      expect(await count({ ...body, tools: [weather] })).toBeGreaterThan(bare + 20)
      expect(await protocol.calls(gateway)).toEqual([])
    })

    test('models come in this dialect to those who send its version, page by page', async () => {
      const headers = { 'x-api-key': API_KEY, 'anthropic-version': '2023-06-01' }
      const list = async (query: string) => {
        const response = await fetch(`${gateway.url}/v1/models${query}`, { headers })
        return readJson<{ data: { id: string }[]; has_more: boolean; last_id: string }>(response)
      }
      const all = await list('?limit=1000')
      expect(all).toMatchObject({ has_more: false })
      expect(all.data[0]).toMatchObject({ type: 'model', created_at: '2026-03-09T00:00:00.000Z' })
      const first = await list('?limit=4')
      const second = await list(`?limit=1000&after_id=${first.last_id}`)
      expect([...first.data, ...second.data]).toEqual(all.data)
      expect(first.has_more).toBe(true)
      expect(await list(`?limit=2&before_id=${second.data[0]?.id}`)).toMatchObject({
        data: first.data.slice(2),
        has_more: true,
      })
      expect(await readJson(await gateway.get('/v1/models'))).toMatchObject({ object: 'list' })
    })

    test('Claude Code finds somebody at home, without a key', async () => {
      expect((await fetch(`${gateway.url}/api/hello`, { method: 'HEAD' })).status).toBe(200)
    })
  })

  describe('400', () => {
    const block = (content: object) => ({ messages: [{ role: 'user', content: [content] }] })
    test.each([
      ['no max_tokens', { max_tokens: undefined }, 'max_tokens'],
      ['no messages', { messages: [] }, 'messages'],
      ['an unknown role', { messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
      ['no content', { messages: [{ role: 'user' }] }, 'messages.0.content'],
      [
        'an unknown block',
        block({ type: 'hologram' }),
        "messages.0.content.0.type: content blocks of type 'hologram'",
      ],
      ['a block named like a member of objects', block({ type: 'constructor' }), 'messages.0.content.0.type'],
      ['a block without its text', block({ type: 'text' }), 'messages.0.content.0.text'],
      [
        'a file by id',
        block({ type: 'image', source: { type: 'file', file_id: 'f' } }),
        'messages.0.content.0.source',
      ],
      [
        'a call of the user',
        block({ type: 'tool_use', id: 'a', name: 'f', input: {} }),
        'messages.0.content.0.type',
      ],
      ['a tool without a schema', { tools: [{ name: 'f' }] }, 'tools.0.input_schema'],
      [
        'a tool that nobody runs',
        { tools: [{ type: 'code_execution_20250825', name: 'x' }] },
        'tools.0.type',
      ],
      ['a tool that is there twice', { tools: [weather, weather] }, 'tools'],
      [
        'a filter of searches',
        { tools: [{ ...search, allowed_domains: ['a.example'] }] },
        'tools.0.allowed_domains',
      ],
      [
        'a choice of an unknown tool',
        { tools: [weather], tool_choice: { type: 'tool', name: 'g' } },
        'tool_choice.name',
      ],
      ['a choice without tools', { tool_choice: { type: 'any' } }, 'tool_choice'],
      ['MCP servers', { mcp_servers: [{ type: 'url', url: 'https://a.example', name: 'a' }] }, 'mcp_servers'],
      ['a container', { container: 'c_1' }, 'container'],
      ['an empty stop sequence', { stop_sequences: [''] }, 'stop_sequences.0'],
    ])('%s is refused by name', async (_, more, name) => {
      const response = await gateway.post(PATH, ask('hi', more))
      expect(response.status).toBe(400)
      const body = await readJson<{ error: { message: string }; request_id: string }>(response)
      expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
      expect(body.error.message).toStartWith(name)
      expect(response.headers.get('request-id')).toBe(body.request_id)
    })
  })

  describe('401, 404, 405, 413, 429', () => {
    const body = JSON.stringify(ask('hi'))

    test.each([
      ['no key', {}],
      ['a wrong key', { 'x-api-key': 'nope' }],
      ['a wrong bearer token', { authorization: 'Bearer nope' }],
    ])('%s is a 401 of this dialect', async (_, headers) => {
      const response = await fetch(gateway.url + PATH, { method: 'POST', headers, body })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
    })

    test.each([
      ['x-api-key', '2023-06-01', { 'x-api-key': API_KEY }],
      ['a bearer token', '2023-06-01', { authorization: `Bearer ${API_KEY}` }],
      ['x-api-key', '2026-10-21', { 'x-api-key': API_KEY }],
      ['a bearer token', '2026-10-21', { authorization: `Bearer ${API_KEY}` }],
      ['either of two', '2026-10-21', { 'x-api-key': API_KEY, authorization: 'Bearer other' }],
      ['either of two', '2023-06-01', { 'x-api-key': 'other', authorization: `Bearer ${API_KEY}` }],
    ])('the key may come as %s with version %s', async (_, version, headers) => {
      const all = { ...headers, 'anthropic-version': version, 'content-type': 'application/json' }
      const response = await fetch(`${gateway.url}${PATH}/count_tokens`, {
        method: 'POST',
        headers: all,
        body,
      })
      expect(response.status).toBe(200)
    })

    test.each([
      ['an unknown model', { path: PATH, method: 'POST' }, { status: 404, type: 'not_found_error' }],
      [
        'an unknown path',
        { path: `${PATH}/nothing`, method: 'POST' },
        { status: 404, type: 'not_found_error' },
      ],
      ['a wrong method', { path: PATH, method: 'PUT' }, { status: 405, type: 'invalid_request_error' }],
    ])('%s is told in this dialect', async (_, { path, method }, { status, type }) => {
      const response = await gateway.post(path, ask('hi', { model: 'claude-9' }), { method })
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ type: 'error', error: { type } })
    })

    test('a body that is too large is a 413', async () => {
      const response = await gateway.post(PATH, ask('x'.repeat(33 * 1024 * 1024)))
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } })
    })

    test('an exhausted pool is a 429 with a time, before the stream begins (D-23)', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'rate-limited' } })
      const response = await gateway.post(PATH, ask('hi', { stream: true }))
      expect(response.status).toBe(429)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(await response.json()).toMatchObject({ error: { type: 'rate_limit_error' } })
    })
  })
})
