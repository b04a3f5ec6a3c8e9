import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'
import { readSse } from '../harness/sse.ts'

/*
 * What Codex CLI 0.169 sends, recorded (spec/clients.md §3.1): the name of the model decides in which of three dialects it
 * declares its tools.
 */

const PATH = '/v1/responses'

const parameters = { type: 'object', properties: { cmd: { type: 'string', encrypted: true } } }
const fn = (name: string) => ({
  type: 'function',
  name,
  description: `Does ${name}.`,
  strict: false,
  parameters,
})
const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch" LF' }
const namespace = (name: string, tools: readonly object[]) => ({
  type: 'namespace',
  name,
  description: `Tools of ${name}.`,
  tools,
})

const unknownModelTools = [
  fn('exec_command'),
  fn('write_stdin'),
  fn('view_image'),
  namespace('multi_agent_v1', [fn('spawn_agent'), fn('wait_agent')]),
  { type: 'web_search', external_web_access: false },
]
const gpt55Tools = [
  ...unknownModelTools,
  { type: 'custom', name: 'apply_patch', description: 'Edits files.', format: grammar },
  { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters },
]
const additionalTools = {
  type: 'additional_tools',
  role: 'developer',
  tools: [
    namespace('functions', [
      { type: 'custom', name: 'exec', description: 'Runs JavaScript.', format: { type: 'text' } },
      fn('wait'),
    ]),
    namespace('clock', [fn('now')]),
    namespace('collaboration', [fn('spawn')]),
  ],
}

const message = (role: string, text: string) => ({
  type: 'message',
  id: `msg_${role}`,
  role,
  content: [{ type: 'input_text', text }],
})

const body = (prompt: string, more: object = {}) => ({
  model: 'grok-4.20-fast',
  stream: true,
  input: [
    message('developer', 'You are Codex.'),
    message('developer', '<permissions>'),
    message('user', '<environment_context>'),
    message('user', prompt),
  ],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: { summary: 'auto' },
  store: false,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '0199-uuid',
  text: { verbosity: 'low' },
  client_metadata: { 'x-codex-installation-id': 'abc' },
  ...more,
})

const codexHeaders = {
  authorization: `Bearer ${API_KEY}`,
  'content-type': 'application/json',
  accept: 'text/event-stream',
  originator: 'codex_exec',
  'session-id': '1',
  'x-codex-beta-features': 'remote_compaction_v2',
}

interface Item {
  readonly type: string
  readonly id: string
  readonly call_id: string
  readonly name: string
  readonly namespace?: string
  readonly arguments: string
  readonly input: string
  readonly encrypted_content?: string
}

interface Answer {
  readonly types: readonly string[]
  readonly items: readonly Item[]
  readonly last: { readonly status: string; readonly error: { readonly code: string } | null }
}

onBothProtocols('Codex', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })

  afterAll(() => gateway.stop())

  /** The stream as Codex reads it: the items that are done, and the end. */
  async function ask(request: object): Promise<Answer> {
    const response = await gateway.post(PATH, request, { headers: codexHeaders })
    expect(response.status).toBe(200)
    const { events } = await readSse(response)
    const data = events.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data))
    return {
      types: data.map(({ type }) => type),
      items: data.flatMap(({ type, item }) => (type === 'response.output_item.done' ? [item] : [])),
      last: data.at(-1).response,
    }
  }

  const lastPrompt = async () => (await protocol.asked(gateway)).at(-1)?.prompt ?? ''

  describe('with a model that it does not know', () => {
    test('gets a function call, and its result is brought', async () => {
      const prompt = '[[tool-call:exec_command {"cmd":"ls"}]]'
      const { items } = await ask(body(prompt, { tools: unknownModelTools }))
      const call = items.find(({ type }) => type === 'function_call')
      expect(call).toMatchObject({ name: 'exec_command', arguments: '{"cmd":"ls"}' })
      expect(call).not.toHaveProperty('namespace')
      const { input, ...rest } = body(prompt, { tools: unknownModelTools })
      const result = { type: 'function_call_output', call_id: call?.call_id, output: 'README.md' }
      const after = await ask({ ...rest, input: [...input, ...items, result] })
      expect(after.last.status).toBe('completed')
      expect(await lastPrompt()).toContain(`[tool result for ${call?.call_id}]:\nREADME.md`)
    })

    test('gets a namespaced call with its namespace, and its history says the same name to the model', async () => {
      const prompt = '[[tool-call:multi_agent_v1__wait_agent {"cmd":"x"}]]'
      const { items } = await ask(body(prompt, { tools: unknownModelTools }))
      const call = items.find(({ type }) => type === 'function_call')
      expect(call).toMatchObject({ name: 'wait_agent', namespace: 'multi_agent_v1' })
      const { input, ...rest } = body(prompt, { tools: unknownModelTools })
      const result = { type: 'function_call_output', call_id: call?.call_id, output: 'ok' }
      await ask({ ...rest, input: [...input, call, result] })
      expect(await lastPrompt()).toContain('<tool_name>multi_agent_v1__wait_agent</tool_name>')
      expect(await lastPrompt()).toContain('About all multi_agent_v1 tools: Tools of multi_agent_v1.')
    })

    test('gets thinking with an opaque text, and may send it back as it likes', async () => {
      const { items } = await ask(body('[[thinking]] hi', { tools: unknownModelTools }))
      const thinking = items.find(({ type }) => type === 'reasoning')
      expect(thinking?.encrypted_content).toBeTruthy()
      const { input, ...rest } = body('and?', { tools: unknownModelTools })
      const replayed = { ...thinking, content: null }
      expect(
        (await ask({ ...rest, input: [...input, replayed, message('user', 'go on')] })).last.status,
      ).toBe('completed')
    })
  })

  describe('with gpt-5.5', () => {
    test('gets a call of a custom tool with its free text, and brings results as text or parts', async () => {
      const prompt = '[[tool-call:apply_patch {"input":"*** Begin Patch\\n"}]]'
      const { items, types } = await ask(body(prompt, { tools: gpt55Tools }))
      const call = items.find(({ type }) => type === 'custom_tool_call')
      expect(call).toMatchObject({ name: 'apply_patch', input: '*** Begin Patch\n' })
      expect(types).toContain('response.custom_tool_call_input.delta')
      const { input, ...rest } = body(prompt, { tools: gpt55Tools })
      for (const output of ['done', [{ type: 'input_text', text: 'done' }]]) {
        const result = { type: 'custom_tool_call_output', call_id: call?.call_id, output }
        await ask({ ...rest, input: [...input, call, result] })
        expect(await lastPrompt()).toContain(`[tool result for ${call?.call_id}]:\ndone`)
      }
    })

    test('is asked to search for tools, and what it finds can be called', async () => {
      const { items } = await ask(body('[[tool-call:tool_search {"cmd":"mail"}]]', { tools: gpt55Tools }))
      const call = items.find(({ type }) => type === 'tool_search_call')
      expect(call).toMatchObject({ execution: 'client', arguments: { cmd: 'mail' } })
      const found = {
        type: 'tool_search_output',
        call_id: call?.call_id,
        execution: 'client',
        tools: [namespace('mail', [fn('send')])],
      }
      const { input, ...rest } = body('find it', { tools: gpt55Tools })
      const then = [...input, call, found, message('user', '[[tool-call:mail__send {"cmd":"x"}]]')]
      const after = await ask({ ...rest, input: then })
      expect(after.items.at(-1)).toMatchObject({ type: 'function_call', name: 'send', namespace: 'mail' })
    })
  })

  describe('with gpt-6.1', () => {
    test('declares its tools as an item, and gets calls of them', async () => {
      const { input, ...rest } = body('[[tool-call:functions__exec {"input":"await f()"}]]', {
        parallel_tool_calls: false,
        reasoning: { effort: 'medium', context: 'all_turns' },
      })
      const { items } = await ask({ ...rest, input: [additionalTools, ...input] })
      expect(items.at(-1)).toMatchObject({
        type: 'custom_tool_call',
        name: 'exec',
        namespace: 'functions',
        input: 'await f()',
      })
    })

    test('declares them again in every turn without harm', async () => {
      const { input, ...rest } = body('[[tool-call:clock__now]]')
      const { items } = await ask({ ...rest, input: [additionalTools, additionalTools, ...input] })
      expect(items.at(-1)).toMatchObject({ type: 'function_call', name: 'now', namespace: 'clock' })
    })
  })

  describe('and failures', () => {
    test.each([
      ['server-error', 'server_error'],
      ['unavailable', 'server_error'],
    ] as const)(
      'an upstream that answers with %s is a failed response, which costs it 6 requests',
      async (kind, code) => {
        await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind } })
        const { types, last } = await ask(body('hi'))
        expect(types).toEqual(['response.created', 'response.in_progress', 'error', 'response.failed'])
        expect(last).toMatchObject({ status: 'failed', error: { code } })
      },
    )

    test.each([
      ['[[error-late]]', 'server_error'],
      ['[[cut]]', 'server_error'],
      ['[[reset]]', 'server_error'],
    ])(
      'an answer that breaks with %s ends as a failed response, without the broken item',
      async (word, code) => {
        const { types, last, items } = await ask(body(`[[T1]] ${word}`))
        expect(types.slice(-2)).toEqual(['error', 'response.failed'])
        expect(last).toMatchObject({ status: 'failed', error: { code } })
        expect(items).toEqual([])
      },
    )

    test('a limit keeps its status, with the time to wait', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'rate-limited' } })
      const response = await gateway.post(PATH, body('hi'), { headers: codexHeaders })
      expect(response.status).toBe(429)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      await gateway.emulator.clearFaults()
    })

    test('a socket that something on the way has made impossible is answered with 426, which sends it to HTTP in silence', async () => {
      const headers = { ...codexHeaders, upgrade: 'websocket' } // a proxy has kept the rest of the handshake to itself
      const response = await fetch(gateway.url + PATH, { headers })
      expect(response.status).toBe(426)
    })
  })
})
