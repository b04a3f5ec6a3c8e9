import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI, { APIError } from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { z } from 'zod'
import { failureOf } from '../harness/failure-of.ts'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('the responses of the openai client', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })

  afterAll(() => gateway.stop())

  const model = 'grok-4.20-fast'
  const weather = {
    type: 'function' as const,
    name: 'get_weather',
    description: 'The weather of a city.',
    strict: null,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  }

  /** What the official client throws. */
  const failure = (call: PromiseLike<unknown>) => failureOf(APIError, call)

  /** The prompt that the last answer was made from. */
  async function lastPrompt(): Promise<string> {
    return (await protocol.asked(gateway)).at(-1)?.prompt ?? ''
  }

  describe('the official openai client', () => {
    test('gets an answer with its text and usage', async () => {
      const response = await gateway.openai.responses.create({
        model,
        input: '[[T1]]',
        instructions: 'Be brief.',
      })
      expect(response.output_text).toBe('The largest planet is **Jupiter**.')
      expect(response).toMatchObject({ status: 'completed', instructions: 'Be brief.', error: null })
      expect(response.usage?.total_tokens).toBe(
        (response.usage?.input_tokens ?? 0) + (response.usage?.output_tokens ?? 0),
      )
      expect(await lastPrompt()).toStartWith('[system]: Be brief.')
    })

    test('streams the same answer in pieces, thinking first', async () => {
      const events: ResponseStreamEvent[] = []
      const stream = await gateway.openai.responses.create({ model, input: '[[thinking]] hi', stream: true })
      for await (const event of stream) events.push(event)
      const types = new Set(events.map(({ type }) => type))
      expect([...types]).toContain('response.reasoning_summary_text.delta')
      const text = events
        .map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
        .join('')
      const last = events.at(-1)
      const item = last?.type === 'response.completed' ? last.response.output.at(-1) : undefined
      expect(item).toMatchObject({ type: 'message', content: [{ type: 'output_text', text }] })
      expect(text.length).toBeGreaterThan(20)
    })

    test('hides the thinking for effort "none"', async () => {
      const input = '[[thinking]] hi'
      const response = await gateway.openai.responses.create({ model, input, reasoning: { effort: 'none' } })
      expect(response.output.map(({ type }) => type)).toEqual(['message'])
    })

    test('its stream helper gives the final response', async () => {
      const stream = gateway.openai.responses.stream({ model, input: '[[say:one two three]]' })
      let text = ''
      stream.on('response.output_text.delta', ({ delta }) => (text += delta))
      const final = await stream.finalResponse()
      expect([text, final.output_text, final.status]).toEqual(['one two three', 'one two three', 'completed'])
    })

    test('its stream helper keeps an answer that was cut at its cap', async () => {
      const stream = gateway.openai.responses.stream({
        model,
        input: '[[tokens:200]]',
        max_output_tokens: 16,
      })
      const final = await stream.finalResponse()
      expect(final).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ type: 'message', status: 'incomplete' }],
      })
    })

    test('parses structured output', async () => {
      const format = zodTextFormat(z.object({ city: z.string(), degrees: z.number() }), 'weather')
      const input = '[[say:{"city":"Oslo","degrees":4}]]'
      const response = await gateway.openai.responses.parse({ model, input, text: { format } })
      expect(response.output_parsed).toEqual({ city: 'Oslo', degrees: 4 })
    })

    test('calls a tool and brings its result, streamed by the helper', async () => {
      const stream = gateway.openai.responses.stream({
        model,
        input: '[[prose-tool-call]] Oslo?',
        tools: [weather],
      })
      const first = await stream.finalResponse()
      const call = first.output.find((item) => item.type === 'function_call')
      expect(call).toMatchObject({ name: 'get_weather', status: 'completed' })
      expect(JSON.parse(call?.arguments ?? '')).toEqual({ city: 'Oslo' })
      expect(first.output.map(({ type }) => type)).toEqual(['message', 'function_call', 'message'])
      const result = {
        type: 'function_call_output' as const,
        call_id: call?.call_id ?? '',
        output: '4 degrees',
      }
      const question: ResponseInputItem = { role: 'user', content: '[[tool-call]] Oslo?' }
      const second = await gateway.openai.responses.create({
        model,
        tools: [weather],
        input: [question, ...(first.output as ResponseInputItem[]), result],
      })
      expect(second.output_text).toContain('4 degrees')
      expect(await lastPrompt()).toContain(`[tool result for ${call?.call_id}]:\n4 degrees`)
    })

    test('goes on from a kept answer, at the same account and without its instructions', async () => {
      const first = await gateway.openai.responses.create({ model, input: '[[T1]]', instructions: 'Rhyme.' })
      const second = await gateway.openai.responses.create({
        model,
        input: 'And the smallest? [[say:Mercury]]',
        previous_response_id: first.id,
      })
      expect(second.previous_response_id).toBe(first.id)
      expect(await lastPrompt()).toBe(
        '[user]: [[T1]]\n\n[assistant]: The largest planet is **Jupiter**.\n\n[user]: And the smallest? [[say:Mercury]]',
      )
      const third = await gateway.openai.responses.create({
        model,
        input: 'Thanks',
        previous_response_id: second.id,
      })
      expect(await lastPrompt()).toContain('[assistant]: Mercury\n\n[user]: Thanks')
      const tokens = (await protocol.calls(gateway)).map(({ token }) => token)
      expect(new Set(tokens).size).toBe(1)
      expect(third.status).toBe('completed')
    })

    test('fetches, lists and deletes a kept answer', async () => {
      const made = await gateway.openai.responses.create({ model, input: '[[T1]]', metadata: { a: 'b' } })
      const { responses } = gateway.openai
      const fetched = await responses.retrieve(made.id)
      expect(fetched.output).toEqual(made.output)
      expect(fetched.metadata).toEqual({ a: 'b' })
      const items = []
      for await (const item of responses.inputItems.list(made.id, { order: 'asc' })) items.push(item)
      expect(items).toMatchObject([
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: '[[T1]]' }] },
      ])
      expect(await failure(responses.cancel(made.id))).toMatchObject({ status: 400 })
      await responses.delete(made.id)
      expect(await failure(responses.retrieve(made.id))).toMatchObject({ status: 404 })
      const next = responses.create({ model, input: 'more', previous_response_id: made.id })
      expect(await failure(next)).toMatchObject({ status: 400, code: 'previous_response_not_found' })
    })

    test('goes on from an answer that another process gave', async () => {
      const second = await gateway.startSecond()
      const other = new OpenAI({ baseURL: `${second.url}/v1`, apiKey: API_KEY, maxRetries: 0 })
      const { id } = await other.responses.create({ model, input: '[[T1]]' })
      await gateway.openai.responses.create({ model, input: 'And?', previous_response_id: id })
      expect(await lastPrompt()).toContain('**Jupiter**')
    })

    test('lists input items in pages', async () => {
      const input = ['a', 'b', '[[say:c]]'].map((content) => ({ role: 'user' as const, content }))
      const { id } = await gateway.openai.responses.create({ model, input })
      const page = await gateway.openai.responses.inputItems.list(id, { limit: 2 })
      expect(page.has_more).toBe(true)
      const rest = await gateway.openai.responses.inputItems.list(id, {
        limit: 2,
        after: page.data.at(-1)?.id ?? '',
      })
      const texts = [...page.data, ...rest.data].map((item) => JSON.stringify(item))
      expect(texts.map((text) => /"text":"([^"]+)"/.exec(text)?.[1])).toEqual(['[[say:c]]', 'b', 'a'])
      expect(rest.has_more).toBe(false)
    })

    test('keeps nothing for store: false', async () => {
      const { id, ...response } = await gateway.openai.responses.create({
        model,
        input: '[[T1]]',
        store: false,
      })
      expect(response).toMatchObject({ store: false })
      expect(await failure(gateway.openai.responses.retrieve(id))).toMatchObject({ status: 404 })
    })

    test('takes back items by reference', async () => {
      const first = await gateway.openai.responses.create({ model, input: '[[say:Paris]]' })
      const id = first.output.at(-1)?.id ?? ''
      const input = [
        { type: 'item_reference' as const, id },
        { role: 'user' as const, content: 'And?' },
      ]
      await gateway.openai.responses.create({ model, input })
      expect(await lastPrompt()).toBe('[assistant]: Paris\n\n[user]: And?')
    })

    test('counts input tokens without asking anybody', async () => {
      const { input_tokens: few } = await gateway.openai.responses.inputTokens.count({ model, input: 'hi' })
      const more = await gateway.openai.responses.inputTokens.count({ input: 'hi', tools: [weather] })
      expect(few).toBeGreaterThan(4)
      expect(more.input_tokens).toBeGreaterThan(few + 50)
      expect(await protocol.calls(gateway)).toEqual([])
    })

    test('compacts a conversation and goes on from it', async () => {
      const compacted = await gateway.openai.responses.compact({
        model,
        input: [
          { role: 'user', content: 'We launch on Tuesday.' },
          { role: 'assistant', content: 'Noted.' },
        ],
      })
      expect(compacted.object).toBe('response.compaction')
      expect(compacted.output.map(({ type }) => type)).toEqual(['message', 'compaction'])
      expect(compacted.usage.total_tokens).toBeGreaterThan(10)
      const input = [
        ...(compacted.output as ResponseInputItem[]),
        { role: 'user' as const, content: 'When?' },
      ]
      await gateway.openai.responses.create({ model, input })
      expect(await lastPrompt()).toMatch(
        /^\[user\]: We launch on Tuesday\.\n\n\[system\]: Summary of the conversation so far:\n[^]+\n\n\[user\]: When\?$/,
      )
    })

    test('gets a failure before the first event as a status', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'server-error' } })
      const call = gateway.openai.responses.create({ model, input: 'hi', stream: true })
      expect(await failure(call)).toMatchObject({ status: 502 })
    })

    test('throws when a stream breaks, and the broken answer can be fetched', async () => {
      const stream = await gateway.openai.responses.create({
        model,
        input: '[[T1]] [[error-late]] [[pace:10]]',
        stream: true,
      })
      let id = ''
      const read = async (): Promise<void> => {
        for await (const event of stream) if (event.type === 'response.created') id = event.response.id
      }
      expect((await failure(read())).message).toBeTruthy()
      const kept = await gateway.openai.responses.retrieve(id)
      expect(kept).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    })

    test('shows an answer only to the key that made it', async () => {
      const open = await protocol.start({ environment: { GROK_APP_API_KEY: 'sk-test,sk-other' } })
      try {
        const { id } = await open.openai.responses.create({ model, input: '[[T1]]' })
        const other = new OpenAI({ baseURL: `${open.url}/v1`, apiKey: 'sk-other', maxRetries: 0 })
        expect(await failure(other.responses.retrieve(id))).toMatchObject({ status: 404 })
        expect(await failure(other.responses.delete(id))).toMatchObject({ status: 404 })
        const next = other.responses.create({ model, input: 'hi', previous_response_id: id })
        expect(await failure(next)).toMatchObject({ status: 400, code: 'previous_response_not_found' })
        expect((await open.openai.responses.retrieve(id)).id).toBe(id)
      } finally {
        await open.stop()
      }
    })
  })
})
