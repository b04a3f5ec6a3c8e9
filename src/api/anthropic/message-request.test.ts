import { describe, expect, test } from 'bun:test'
import type { ChatDefaults } from '../chat-door.ts'
import { parseCountRequest, parseMessageRequest } from './message-request.ts'

const defaults: ChatDefaults = { stream: false, reasoning: true, aliases: new Map() }
const base = { model: 'grok-4.20-fast', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }

const parse = (more: object) => parseMessageRequest({ ...base, ...more }, defaults)
const chatOf = (more: object) => parse(more).chat
const messagesOf = (...messages: object[]) => chatOf({ messages }).messages
const user = (...content: object[]) => ({ role: 'user', content })
const assistant = (...content: object[]) => ({ role: 'assistant', content })
const text = (value: string) => ({ type: 'text' as const, text: value })
const tool = (name: string, more: object = {}) => ({ name, input_schema: { type: 'object' }, ...more })
const png = { type: 'base64', media_type: 'image/png', data: 'AAAA' }

describe('messages', () => {
  test('keep system messages where they stand, after the instructions of the request', () => {
    const { messages } = chatOf({
      system: [{ ...text('Be brief.'), cache_control: { type: 'ephemeral' } }],
      messages: [
        user(text('hi')),
        { role: 'system', content: [text('Be long.')], output_config: { effort: 'low' } },
      ],
    })
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'system'])
  })

  test("leave out Claude Code's billing mark, which is no instruction", () => {
    const system = [text('x-anthropic-billing-header: cc_version=2.1'), text('Be brief.')]
    expect(chatOf({ system }).messages[0]).toEqual({ role: 'system', content: [text('Be brief.')] })
  })

  test('give results of tools with their files and faults, and the words beside them in order (D-29)', () => {
    const result = {
      type: 'tool_result',
      tool_use_id: 'toolu_1',
      is_error: true,
      content: [text('no'), { type: 'image', source: png }],
    }
    const empty = { type: 'tool_result', tool_use_id: 'toolu_2' }
    const messages = messagesOf(
      user(text('go')),
      assistant(text('Well.'), { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } }),
      user(result, empty, text('And?')),
    )
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [text('Well.')],
        toolCalls: [{ id: 'toolu_1', name: 'f', input: '{"x":1}' }],
      },
      {
        role: 'tool',
        callId: 'toolu_1',
        isError: true,
        content: [
          text('no'),
          {
            type: 'file',
            source: { type: 'base64', data: 'AAAA', mediaType: 'image/png' },
            param: 'messages.2.content.0.content.1.source',
          },
        ],
      },
      { role: 'tool', callId: 'toolu_2', content: [] },
      { role: 'user', content: [text('And?')] },
    ])
  })

  test('hold documents of every kind', () => {
    const document = (source: object, more: object = {}) => ({ type: 'document', source, ...more })
    const [message] = messagesOf(
      user(
        document({ type: 'text', media_type: 'text/plain', data: 'Words' }, { title: 'T', context: 'C' }),
        document({ type: 'content', content: [text('piece')] }),
        document({ type: 'url', url: 'https://example.com/a.pdf' }, { title: 'a.pdf' }),
        { type: 'search_result', title: 'R', source: 'https://example.com', content: [text('found')] },
      ),
    )
    expect(message?.content).toEqual([
      text('Document: T\nContext: C'),
      text('Words'),
      text('piece'),
      {
        type: 'file',
        source: { type: 'url', url: 'https://example.com/a.pdf' },
        name: 'a.pdf',
        param: 'messages.0.content.2.source',
      },
      text('Search result: R\nSource: https://example.com\n\nfound'),
    ])
  })

  test('take thinking back and send it to nobody', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 'x' }
    const redacted = { type: 'redacted_thinking', data: 'x' }
    expect(messagesOf(user(text('a')), assistant(thinking, redacted), user(text('b')))).toHaveLength(2)
    expect(messagesOf(user(text('a')), assistant(thinking, text('c')))[1]?.content).toEqual([text('c')])
  })

  test('tell of earlier searches of the service in short', () => {
    const use = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } }
    const found = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: '' }],
    }
    const [, message] = messagesOf(user(text('a')), assistant(use, found, text('b')))
    expect(message?.content).toEqual([
      text('(web_search: "q")'),
      text('(The search found:\n- A (https://a.example))'),
      text('b'),
    ])
  })
})

describe('thinking', () => {
  test.each([
    ['that is not asked for', 'is not shown', undefined, false],
    ['that is disabled', 'is not shown', { type: 'disabled' }, false],
    ['that is enabled', 'is shown', { type: 'enabled', budget_tokens: 1024 }, true],
    ['in updates', 'is shown', { type: 'adaptive', display: 'updates' }, true],
    ['that is to be omitted', 'is not shown', { type: 'adaptive', display: 'omitted' }, false],
  ])('%s %s', (_, __, thinking, shown) => {
    expect(chatOf({ thinking }).reasoning).toBe(shown)
  })
})

describe('tools', () => {
  test('of the caller are offered with their schema, deferred ones too', () => {
    const tools = [
      tool('f', { description: 'F', strict: true, eager_input_streaming: true, type: 'custom' }),
      tool('g', { defer_loading: true, cache_control: { type: 'ephemeral' } }),
      { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' },
    ]
    const schema = { type: 'object' }
    expect(chatOf({ tools }).tools).toEqual({
      tools: [
        { name: 'f', description: 'F', input: { type: 'json', schema, strict: true } },
        { name: 'g', input: { type: 'json', schema, strict: false } },
      ],
      choice: 'auto',
      parallel: true,
    })
  })

  test('that the official API defines and the caller runs come with their known input', () => {
    const tools = [
      { type: 'bash_20250124', name: 'bash' },
      { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
      { type: 'memory_20250818', name: 'memory' },
    ]
    const offered = chatOf({ tools }).tools?.tools
    expect(offered?.map(({ name }) => name)).toEqual(['bash', 'str_replace_based_edit_tool', 'memory'])
  })

  test("of the service's own search are no tools of the caller, even when it is the one to use", () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 8 }
    const request = chatOf({ tools: [search], tool_choice: { type: 'tool', name: 'web_search' } })
    expect(request.hostedSearch).toBe(true)
    expect(request.tools).toBeUndefined()
  })

  test.each([
    [
      { type: 'auto', disable_parallel_tool_use: true },
      { choice: 'auto', parallel: false },
    ],
    [{ type: 'any' }, { choice: 'required', parallel: true }],
    [
      { type: 'tool', name: 'f' },
      { choice: 'required', allowed: ['f'], parallel: true },
    ],
    [{ type: 'none' }, { choice: 'none', parallel: true }],
  ])('are chosen by %p', (choice, use) => {
    expect(chatOf({ tools: [tool('f')], tool_choice: choice }).tools).toMatchObject(use)
  })

  test('come and go in the middle of a conversation', () => {
    const change = (type: string, changed: object) => ({ type, tool: changed })
    const added = change('tool_addition', { type: 'tool_definition', definition: tool('h') })
    const removed = change('tool_removal', { type: 'tool_reference', name: 'f' })
    const request = chatOf({
      tools: [tool('f'), tool('g')],
      messages: [user(text('a')), { role: 'system', content: [added, removed] }],
    })
    expect(request.tools?.tools.map(({ name }) => name)).toEqual(['g', 'h'])
  })
})

test('what has no effect is told by name', () => {
  expect(parse({ temperature: 0.5, top_k: 3, service_tier: null }).ignored).toEqual(['temperature', 'top_k'])
})

test('a schema for the answer is read under both of its names', () => {
  const format = { type: 'json_schema', schema: { type: 'object' } }
  const wanted = { type: 'json-schema', name: 'answer', schema: { type: 'object' } } as const
  expect(chatOf({ output_config: { effort: 'high', format } }).outputFormat).toEqual(wanted)
  expect(chatOf({ output_format: format }).outputFormat).toEqual(wanted)
})

test('counting needs no max_tokens', () => {
  const { model, messages } = base
  expect(parseCountRequest({ model, messages }, defaults).messages).toHaveLength(1)
})
