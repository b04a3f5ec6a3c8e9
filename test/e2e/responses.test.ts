import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import { readJson } from '../harness/json.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { readSse } from '../harness/sse.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('responses', (protocol) => {
  const PATH = '/v1/responses'
  const PIXEL =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })

  afterAll(() => gateway.stop())

  const ask = (input: unknown, more: object = {}) => ({ model: 'grok-4.20-fast', input, ...more })
  const user = (content: unknown) => ({ role: 'user', content })
  const fn = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} } }

  interface Answer {
    readonly id: string
    readonly status: string
    readonly output: readonly {
      readonly type: string
      readonly content?: readonly { readonly text: string }[]
    }[]
  }

  async function respond(body: object): Promise<Answer> {
    const response = await gateway.post(PATH, body)
    const answer = await response.text()
    expect([response.status, answer]).toEqual([200, answer])
    return JSON.parse(answer)
  }

  const lastPrompt = async () => (await protocol.asked(gateway)).at(-1)?.prompt ?? ''

  const cite = (text: string) => `${text} [[T1]]`

  describe('200', () => {
    test('a stream has an event line per event, no gap in its numbers, and ends with [DONE]', async () => {
      const response = await gateway.post(
        PATH,
        ask('[[search]]', { stream: true, tools: [{ type: 'web_search' }] }),
      )
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      const { events } = await readSse(response)
      expect(events.pop()).toEqual({ event: null, data: '[DONE]' })
      expect(events.map(({ data }) => JSON.parse(data).sequence_number)).toEqual([...events.keys()])
      expect(events.map(({ data }) => JSON.parse(data).type)).toEqual(events.map(({ event }) => event))
      const types = new Set(events.map(({ event }) => event))
      expect([...types]).toContain('response.web_search_call.searching')
      expect([...types]).toContain('response.output_text.annotation.added')
    })

    test('an answer of pictures only has them in its text', async () => {
      const { output } = await respond(ask('[[image]]', { reasoning: { effort: 'none' } }))
      expect(output.at(-1)?.content?.[0]?.text).toContain('http')
    })

    test.each([
      ['messages without a type', [user(cite('hi'))]],
      [
        'a system message without a type, as opencode sends it',
        [{ role: 'system', content: 'x' }, user('[[T1]]')],
      ],
      [
        'an image_url part',
        [
          user([
            { type: 'input_text', text: '[[T1]]' },
            { type: 'image_url', image_url: { url: PIXEL } },
          ]),
        ],
      ],
      [
        'an input_image with a plain data URI',
        [
          user([
            { type: 'input_image', image_url: PIXEL, detail: 'original' },
            { type: 'input_text', text: '[[T1]]' },
          ]),
        ],
      ],
      [
        'a file as bare base64',
        [
          user([
            { type: 'input_file', file_data: btoa('hello'), filename: 'a.txt' },
            { type: 'input_text', text: '[[T1]]' },
          ]),
        ],
      ],
      [
        'a phase in the history',
        [user('a'), { role: 'assistant', phase: 'commentary', content: 'b' }, user('[[T1]]')],
      ],
      [
        'an answer as it was given',
        [
          user('a'),
          {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            status: 'completed',
            content: [
              { type: 'output_text', text: 'b', annotations: [], logprobs: [] },
              { type: 'refusal', refusal: 'no' },
            ],
          },
          user('[[T1]]'),
        ],
      ],
      [
        'a tool result with a picture',
        [
          user('[[T1]]'),
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
          {
            type: 'function_call_output',
            call_id: 'c',
            output: [
              { type: 'input_text', text: 'see' },
              { type: 'input_image', image_url: PIXEL, detail: 'original' },
            ],
          },
        ],
      ],
      [
        'hosted searches and thinking of ours',
        [
          user('a'),
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
          {
            type: 'web_search_call',
            id: 'ws_1',
            status: 'completed',
            action: { type: 'search', query: 'q' },
          },
          user('[[T1]]'),
        ],
      ],
    ])('takes %s', async (_, input) => {
      expect((await respond(ask(input, { tools: [fn] }))).status).toBe('completed')
    })

    test.each([
      ['strict: null', { tools: [{ ...fn, strict: null }] }],
      ['tools without strict and parameters', { tools: [{ type: 'function', name: 'f' }] }],
      ['what agents send', { tools: [], include: [] }],
      ['what langchain sends', { text: {} }],
      ['what llamaindex sends', { include: null, truncation: null, user: '', reasoning: {} }],
      ['unknown fields', { client_metadata: { a: 1 }, prompt_cache_options: {}, access_programs: {} }],
      ['sampling', { temperature: 0.2, top_p: 0.9, presence_penalty: 0, frequency_penalty: 0 }],
      ['a choice of none', { tools: [fn], tool_choice: 'none' }],
      [
        'allowed tools',
        {
          tools: [fn],
          tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
        },
      ],
      [
        'a choice of the search',
        { tools: [{ type: 'web_search_preview' }], tool_choice: { type: 'web_search_preview' } },
      ],
      [
        'background: false',
        { background: false, stream_options: { include_obfuscation: false }, service_tier: 'auto' },
      ],
      ['truncation', { truncation: 'auto' }],
    ])('takes %s', async (_, more) => {
      expect((await respond(ask('[[T1]]', more))).status).toBe('completed')
    })

    test('says which parameters have no effect', async () => {
      const response = await gateway.post(PATH, ask('[[T1]]', { temperature: 1, text: { verbosity: 'low' } }))
      expect(response.headers.get('x-grok2api-ignored')).toBe('temperature, text.verbosity')
    })

    test('a tool choice names the only tool that may be called', async () => {
      const other = { ...fn, name: 'other' }
      const choice = { type: 'function', name: 'f' }
      await respond(ask('[[tool-call:f]]', { tools: [fn, other], tool_choice: choice }))
      expect(await lastPrompt()).toContain('you must call f')
      expect(await lastPrompt()).not.toContain('Tool: other')
    })

    test('a tool choice of none leaves the tools out', async () => {
      await respond(ask('[[T1]]', { tools: [fn], tool_choice: 'none' }))
      expect(await lastPrompt()).toBe('[user]: [[T1]]')
    })

    test('a conversation that is too long loses its oldest turns with truncation "auto", and is refused without', async () => {
      const own = await protocol.start({ environment: { GROK_MODELS_CONTEXT_LENGTH: '1000' } })
      try {
        const long = (mark: string) => user(`${mark} ${'word '.repeat(600)}`)
        const input = [{ role: 'system', content: 'Keep me.' }, long('first'), long('second'), user('[[T1]]')]
        const refused = await own.post(PATH, ask(input))
        expect(refused.status).toBe(400)
        expect(await refused.json()).toMatchObject({
          error: { code: 'context_length_exceeded', param: 'input' },
        })
        expect((await own.post(PATH, ask(input, { truncation: 'auto' }))).status).toBe(200)
        const [asked] = await protocol.asked(own)
        expect(asked?.prompt).toBe('[system]: Keep me.\n\n[user]: [[T1]]')
      } finally {
        await own.stop()
      }
    })

    test('a chain of answers is put together again, tool calls included', async () => {
      const first = await respond(ask('[[tool-call:f]]', { tools: [fn] }))
      const call = first.output.find(({ type }) => type === 'function_call') as
        | { call_id: string }
        | undefined
      const result = { type: 'function_call_output', call_id: call?.call_id, output: 'done' }
      await respond(ask([result], { tools: [fn], previous_response_id: first.id }))
      expect(await lastPrompt()).toEndWith(`</tool_calls>\n\n[tool result for ${call?.call_id}]:\ndone`)
    })

    test('the response has every key of the Open Responses specification, kept and fetched alike', async () => {
      const made = await respond(ask('[[T1]]'))
      const fetched = await readJson<object>(await gateway.get(`${PATH}/${made.id}`))
      expect(fetched).toEqual(made)
      const keys =
        'id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key'
      expect(Object.keys(made)).toEqual(expect.arrayContaining(keys.split(' ')))
      expect(keys.split(' ')).toHaveLength(31)
    })
  })

  describe('400', () => {
    const item = (item: object) => ({ input: [user('hi'), item] })
    const part = (part: object) => ({ input: [user([part])] })
    test.each([
      ['no input', { input: undefined }, 'input'],
      ['an empty input', { input: [] }, 'input'],
      ['an item without a type', item({ text: 'x' }), 'input.1.type'],
      ['an unknown item', item({ type: 'shell_call', call_id: 'c', action: {} }), 'input.1.type'],
      ['an unknown reference', item({ type: 'item_reference', id: 'msg_1' }), 'input.1.id'],
      ['an unknown role', { input: [{ role: 'narrator', content: 'x' }] }, 'input.0.role'],
      [
        'a call without an id',
        item({ type: 'function_call', name: 'f', arguments: '{}' }),
        'input.1.call_id',
      ],
      [
        'a foreign compaction',
        item({ type: 'compaction', encrypted_content: 'x' }),
        'input.1.encrypted_content',
      ],
      ['audio', part({ type: 'input_audio', input_audio: {} }), 'input.0.content.0.type'],
      ['a file by id', part({ type: 'input_file', file_id: 'file_1' }), 'input.0.content.0.file_id'],
      ['a picture by id', part({ type: 'input_image', file_id: 'file_1' }), 'input.0.content.0.file_id'],
      ['a built-in tool', { tools: [{ type: 'code_interpreter' }] }, 'tools.0.type'],
      ['a tool without a name', { tools: [{ type: 'function' }] }, 'tools.0.name'],
      ['two tools of one name', { tools: [fn, fn] }, 'tools.1.name'],
      [
        'a grammar of no kind',
        {
          tools: [{ type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'bnf', definition: '' } }],
        },
        'tools.0.format.syntax',
      ],
      ['a choice without tools', { tool_choice: 'required' }, 'tool_choice'],
      [
        'a choice of an unknown tool',
        { tools: [fn], tool_choice: { type: 'function', name: 'g' } },
        'tool_choice.name',
      ],
      ['a choice of a built-in tool', { tools: [fn], tool_choice: { type: 'mcp' } }, 'tool_choice.type'],
      ['a response in the background', { background: true }, 'background'],
      ['a conversation', { conversation: 'conv_1' }, 'conversation'],
      ['a prompt template', { prompt: { id: 'p' } }, 'prompt'],
      ['log probabilities', { top_logprobs: 2 }, 'top_logprobs'],
      ['log probabilities by include', { include: ['message.output_text.logprobs'] }, 'include.0'],
      ['an unknown include', { include: ['everything'] }, 'include.0'],
      ['too small a cap', { max_output_tokens: 15 }, 'max_output_tokens'],
      ['a bound on searches', { max_tool_calls: 1, tools: [{ type: 'web_search' }] }, 'max_tool_calls'],
      ['automatic compaction', { context_management: [{ type: 'compaction' }] }, 'context_management'],
      [
        'too much metadata',
        { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
        'metadata',
      ],
      [
        'a form without a schema',
        { text: { format: { type: 'json_schema', name: 'x' } } },
        'text.format.schema',
      ],
      ['a wrong type', { stream: 'yes' }, 'stream'],
      ['pictures of a model that makes none', { image_config: { n: 1 } }, 'image_config'],
    ])('%s is refused by name', async (_, more, param) => {
      const response = await gateway.post(PATH, ask('hi', more))
      const body = await response.text()
      expect([response.status, body]).toEqual([400, body])
      expect(JSON.parse(body)).toMatchObject({ error: { type: 'invalid_request_error', param } })
      expect(await protocol.calls(gateway)).toEqual([])
    })

    test('a compaction without a model is refused by name', async () => {
      const response = await gateway.post(`${PATH}/compact`, { input: 'hi' })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param: 'model' } })
    })

    test('a finished response is not streamed again', async () => {
      const { id } = await respond(ask('[[T1]]'))
      expect((await gateway.get(`${PATH}/${id}?stream=true`)).status).toBe(400)
      expect((await gateway.get(`${PATH}/${id}?starting_after=3`)).status).toBe(400)
      expect((await gateway.get(`${PATH}/${id}/input_items?limit=0`)).status).toBe(400)
    })
  })

  describe('404, 405', () => {
    test.each(['', '/input_items'])('an unknown response has nothing at %s', async (path) => {
      const response = await gateway.get(`${PATH}/resp_none${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
    })

    test('an unknown response cannot be cancelled', async () => {
      expect((await gateway.post(`${PATH}/resp_none/cancel`, {})).status).toBe(404)
    })

    test('GET without a socket is a wrong method', async () => {
      const response = await gateway.get(PATH)
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    })
  })

  describe('two keys in one request', () => {
    test('the one that lets it in owns what is kept, whatever the other is', async () => {
      const own = await protocol.start({ environment: { GROK_APP_API_KEY: 'sk-test,sk-other' } })
      try {
        const headersOf = (key: string) => ({
          authorization: 'Bearer placeholder',
          'x-api-key': key,
          'content-type': 'application/json',
        })
        const made = await own.post(PATH, ask('[[T1]]'), { headers: headersOf('sk-other') })
        const { id } = await readJson<Answer>(made)
        const get = (key: string) => fetch(`${own.url}${PATH}/${id}`, { headers: headersOf(key) })
        expect([(await get('sk-other')).status, (await get('sk-test')).status]).toEqual([200, 404])
      } finally {
        await own.stop()
      }
    })
  })

  describe('429, 502, 503', () => {
    test.each([
      ['rate-limited', 429],
      ['server-error', 502],
      ['blocked', 503],
    ] as const)(
      'an upstream that answers with %s keeps its status %i, streamed or not',
      async (kind, status) => {
        const own = await protocol.start()
        try {
          await own.emulator.addFault({ path: protocol.path, action: { type: 'http', kind } })
          for (const stream of [false, true])
            expect((await own.post(PATH, ask('hi', { stream }))).status).toBe(status)
        } finally {
          await own.stop()
        }
      },
    )
  })

  describe('499', () => {
    test('a client that leaves a stream ends the answer, and nothing is kept of it', async () => {
      const leaving = new AbortController()
      const body = ask('[[tokens:400]] [[pace:5]]', { stream: true })
      const response = await gateway.post(PATH, body, { signal: leaving.signal })
      const { value } = (await response.body?.getReader().read()) ?? {}
      const id = /"id":"(resp_\w+)"/.exec(new TextDecoder().decode(value))?.[1]
      expect(id).toBeString()
      leaving.abort()
      const { openStreams } = await eventually(
        () => gateway.emulator.counters(),
        ({ openStreams }) => openStreams === 0,
      )
      expect(openStreams).toBe(0)
      expect((await gateway.get(`${PATH}/${id}`)).status).toBe(404)
    })
  })
})
