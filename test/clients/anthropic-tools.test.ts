import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('tools through the anthropic client', (protocol) => {
  let gateway: TestGateway
  let client: Anthropic

  beforeAll(async () => {
    gateway = await protocol.start()
    client = new Anthropic({ baseURL: gateway.url, apiKey: API_KEY, maxRetries: 0 })
  })

  afterAll(() => gateway.stop())

  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
  const weather = { name: 'get_weather', description: 'The weather of a city.', input_schema: schema }
  const time = { name: 'get_time', description: 'The time in a city.', input_schema: schema }

  const ask = (content: string, tools: Anthropic.Tool[] = [weather as never]) => ({
    model: 'grok-4.20-fast',
    max_tokens: 4000,
    messages: [{ role: 'user' as const, content }],
    tools,
  })
  const both = [weather, time] as never[]

  const usesOf = ({ content }: Anthropic.Message) => content.filter((block) => block.type === 'tool_use')

  describe('with tools, the official anthropic client', () => {
    test('gets a call with its input, and an answer once it has given the result', async () => {
      const first = await client.messages.create(ask('[[tool-call:get_weather {"city":"Oslo"}]]'))
      expect(first.stop_reason).toBe('tool_use')
      const [use] = usesOf(first)
      expect(use).toMatchObject({ name: 'get_weather', input: { city: 'Oslo' }, caller: { type: 'direct' } })
      expect(use?.id).toMatch(/^toolu_[0-9a-f]{24}$/)
      const second = await client.messages.create({
        ...ask('unused'),
        messages: [
          { role: 'user', content: '[[tool-call:get_weather {"city":"Oslo"}]]' },
          { role: 'assistant', content: first.content },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: use?.id ?? '', content: '4 degrees, rain' }],
          },
        ],
      })
      expect(second.stop_reason).toBe('end_turn')
      expect(JSON.stringify(second.content)).toContain('4 degrees, rain')
    })

    test('adds up a text before a call without losing either (D-22)', async () => {
      const stream = client.messages.stream(ask('[[prose-tool-call:get_weather {"city":"Oslo"}]]'))
      const message = await stream.finalMessage()
      expect(message.content[0]?.type).toBe('text')
      expect(usesOf(message)).toMatchObject([{ name: 'get_weather', input: { city: 'Oslo' } }])
      expect(message.stop_reason).toBe('tool_use')
    })

    test('gets several calls as blocks of their own, or one if it wants no more', async () => {
      const body = ask('[[tool-call:all]]', both)
      const message = await client.messages.stream(body).finalMessage()
      expect(usesOf(message).map(({ name }) => name)).toEqual(['get_weather', 'get_time'])
      expect(new Set(usesOf(message).map(({ id }) => id)).size).toBe(2)
      const single = { type: 'auto', disable_parallel_tool_use: true } as const
      expect(usesOf(await client.messages.create({ ...body, tool_choice: single }))).toHaveLength(1)
    })

    test('gets no call when it wants none', async () => {
      const body = { ...ask('[[tool-call]]'), tool_choice: { type: 'none' } as const }
      expect(usesOf(await client.messages.create(body))).toEqual([])
    })

    test.each([false, true])('goes through its own loop of tools to the end (stream: %s)', async (stream) => {
      const asked: unknown[] = []
      const tool = betaTool({
        name: 'get_weather',
        description: 'The weather of a city.',
        inputSchema: schema,
        run: (input) => {
          asked.push(input)
          return `4 degrees in ${input.city}`
        },
      })
      const runner = client.beta.messages.toolRunner({
        ...ask('[[tool-call:get_weather {"city":"Oslo"}]]'),
        tools: [tool],
        stream,
        max_iterations: 4,
      })
      const last = await runner.runUntilDone()
      expect(asked).toEqual([{ city: 'Oslo' }])
      expect(JSON.stringify(last.content)).toContain('4 degrees in Oslo')
    })

    test('is told that conversations are not kept, in the words that make it send the history', async () => {
      const body = { ...ask('[[T1]]'), thread: { type: 'create' as const } }
      const call = client.beta.messages.create({ ...body, betas: ['message-threads-2026-08-12'] })
      const error: unknown = await call.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Anthropic.ThreadUnsupportedRequestError)
      expect(error).toMatchObject({
        status: 400,
        error: {
          error: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
        },
      })
    })

    test('gets an answer in the form of a schema', async () => {
      const format = {
        type: 'json_schema',
        schema: { type: 'object', properties: { n: { type: 'number' } } },
      } as const
      const message = await client.messages.parse({
        model: 'grok-4.20-fast',
        max_tokens: 4000,
        messages: [{ role: 'user', content: '[[say:{"n":4}]]' }],
        output_config: { format },
      })
      expect(message.content).toMatchObject([{ type: 'text', text: '{"n":4}' }])
    })
  })
})
