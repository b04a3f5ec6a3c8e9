import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { APIError } from 'openai'
import { failureOf } from '../harness/failure-of.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('the openai client', (protocol) => {
  let gateway: TestGateway

  beforeEach(async () => {
    gateway = await protocol.start()
  })

  afterEach(() => gateway.stop())

  const ask = (content: string, model = 'grok-4.20-fast') => ({
    model,
    messages: [{ role: 'user' as const, content }],
  })

  /** What the official client throws. */
  const failure = (call: PromiseLike<unknown>) => failureOf(APIError, call)

  async function readAll(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of stream) chunks.push(chunk)
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
    return { chunks, text }
  }

  describe('the official openai client', () => {
    test('gets a plain answer with usage', async () => {
      const completion = await gateway.openai.chat.completions.create(ask('[[T1]]'))
      expect(completion.object).toBe('chat.completion')
      expect(completion.choices[0]?.message).toMatchObject({
        role: 'assistant',
        content: 'The largest planet is **Jupiter**.',
      })
      expect(completion.choices[0]?.finish_reason).toBe('stop')
      expect(completion.usage?.total_tokens).toBe(
        (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
      )
      expect(completion.usage?.completion_tokens).toBeGreaterThan(5)
    })

    test('streams the same answer in pieces', async () => {
      const { chunks, text } = await readAll(
        await gateway.openai.chat.completions.create({ ...ask('[[T1]]'), stream: true }),
      )
      expect(text).toBe('The largest planet is **Jupiter**.')
      expect(chunks.length).toBeGreaterThan(3)
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
      expect(chunks.every((chunk) => chunk.usage === undefined)).toBe(true)
    })

    test('folds a stream to the same completion with its own helper', async () => {
      const stream = gateway.openai.chat.completions.stream({ ...ask('[[T1]]') })
      const completion = await stream.finalChatCompletion()
      expect(completion.choices[0]?.message.content).toBe('The largest planet is **Jupiter**.')
    })

    test('gets one usage chunk without choices when it asks for it', async () => {
      const { chunks } = await readAll(
        await gateway.openai.chat.completions.create({
          ...ask('[[T1]]'),
          stream: true,
          stream_options: { include_usage: true },
        }),
      )
      const last = chunks.at(-1)
      expect(last?.choices).toEqual([])
      expect(last?.usage?.completion_tokens).toBeGreaterThan(5)
      expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    })

    test('gets the reasoning, and none with effort "none"', async () => {
      const shown = await gateway.openai.chat.completions.create(ask('[[T2]]', 'grok-4.20-expert'))
      expect(shown.choices[0]?.message).toMatchObject({
        content: 'No: 221 = 13 × 17.',
        reasoning_content:
          'Thinking about your request\n- Testing small divisors of 221.\n- 13 times 17 gives 221.\n',
      })
      const hidden = await gateway.openai.chat.completions.create({
        ...ask('[[T2]]', 'grok-4.20-expert'),
        reasoning_effort: 'none',
      })
      expect(hidden.choices[0]?.message).not.toHaveProperty('reasoning_content')
    })

    test('gets citations whose offsets count code points of the text', async () => {
      const completion = await gateway.openai.chat.completions.create(ask('[[T3]]', 'grok-4.20-auto'))
      const { content, annotations } = completion.choices[0]?.message ?? {}
      const characters = Array.from(content ?? '')
      const cited = annotations?.map(({ url_citation: { start_index, end_index } }) =>
        characters.slice(start_index, end_index).join(''),
      )
      expect(cited).toEqual([
        ' [[1]](https://space.example.org/orion9)',
        ' [[2]](https://x.com/orion9ops/status/1900000000000000017)',
      ])
      expect(completion).toHaveProperty('search_sources.length', 3)
    })

    test('closes the upstream stream when it aborts', async () => {
      await gateway.emulator.setBehaviour({ paceMilliseconds: 5 })
      const stream = await gateway.openai.chat.completions.create({ ...ask('[[tokens:2000]]'), stream: true })
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
      const record = await gateway.emulator.waitForRequest({ outcome: 'client-closed' })
      expect(record.framesSent).toBeLessThan(1000)
      expect(
        await eventually(
          () => gateway.inFlight(),
          (inFlight) => inFlight === 0,
        ),
      ).toBe(0)
    })

    test('is refused with a wrong key', async () => {
      const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
      const error = await failure(client.chat.completions.create(ask('hi')))
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(error.code).toBe('invalid_api_key')
    })

    test('is told about an unknown model', async () => {
      const error = await failure(gateway.openai.chat.completions.create(ask('hi', 'gpt-17')))
      expect(error).toBeInstanceOf(OpenAI.NotFoundError)
      expect(error).toMatchObject({ code: 'model_not_found', param: 'model' })
      expect(error.requestID).toStartWith('req_')
    })
  })

  describe('when the pool or the upstream fails, the official client', () => {
    test('gets a 429 with Retry-After from an overloaded pool', async () => {
      await gateway.stop()
      gateway = await protocol.start({
        accounts: [{ token: 'only', tier: 'basic' }],
        environment: { GROK_ACCOUNT_SELECTION_MAX_INFLIGHT: '1' },
      })
      await gateway.emulator.setBehaviour({ paceMilliseconds: 5 })
      const running = await gateway.openai.chat.completions.create({
        ...ask('[[tokens:2000]]'),
        stream: true,
      })
      const error = await failure(gateway.openai.chat.completions.create(ask('hi')))
      expect(error).toBeInstanceOf(OpenAI.RateLimitError)
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThanOrEqual(1)
      running.controller.abort()
    })

    test('gets a 502, never a 401 or 403, from a page of the edge', async () => {
      await gateway.emulator.addFault({ path: protocol.path, action: { type: 'http', kind: 'challenge' } })
      const error = await failure(gateway.openai.chat.completions.create({ ...ask('hi'), stream: true }))
      expect(error).toMatchObject({ status: 502, code: 'egress_rejected' })
    })

    test('is served by another account after an in-band rate limit', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        times: 1,
        action: { type: 'in-band-error', code: 8, message: 'Too many requests' },
      })
      const completion = await gateway.openai.chat.completions.create(ask('[[T1]]'))
      expect(completion.choices[0]?.message.content).toBe('The largest planet is **Jupiter**.')
      const tokens = (await protocol.calls(gateway)).map(({ token }) => token)
      expect(new Set(tokens).size).toBe(2)
    })

    test('gets an error, never a silent stop, from a stream that is cut', async () => {
      await gateway.emulator.addFault({
        path: protocol.path,
        action: { type: 'cut', afterFrames: 6, how: 'close', insideFrame: true },
      })
      const stream = await gateway.openai.chat.completions.create({ ...ask('[[tokens:50]]'), stream: true })
      const error = await failure(readAll(stream))
      expect(error).toMatchObject({ code: 'upstream_unavailable' })
    })
  })
})
