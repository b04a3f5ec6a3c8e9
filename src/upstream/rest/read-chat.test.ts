import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { readChat } from './read-chat.ts'

const FIXTURES = join(import.meta.dir, '../../../test/fixtures/rest-chat')
const encoder = new TextEncoder()

const fixture = (name: string): Promise<Uint8Array> => Bun.file(join(FIXTURES, `${name}.jsonl`)).bytes()

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) if (chunk.length > 0) controller.enqueue(chunk)
      controller.close()
    },
  })
}

async function readEvents(...chunks: Uint8Array[]): Promise<ChatEvent[]> {
  const options = { assetsUrl: 'https://assets.test', onWait: () => {}, onRead: () => {}, onEnded: () => {} }
  const events: ChatEvent[] = []
  for await (const batch of readChat(bodyOf(chunks), options)) events.push(...batch)
  return events
}

async function failureOf(...chunks: Uint8Array[]): Promise<{ code: string; events: number }> {
  const options = { assetsUrl: 'https://assets.test', onWait: () => {}, onRead: () => {}, onEnded: () => {} }
  let events = 0
  try {
    for await (const batch of readChat(bodyOf(chunks), options)) events += batch.length
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, events }
    return { code: error instanceof Error ? error.name : 'unknown', events }
  }
  throw new Error('the stream did not fail')
}

const textOf = (events: readonly ChatEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

const frame = (response: object): string => `${JSON.stringify({ result: { response } })}\n`
const end = frame({ token: '', isSoftStop: true })

describe('the transcripts', () => {
  test('T1: a plain answer in three deltas; the copy in the final message is not said again', async () => {
    expect(await readEvents(await fixture('t1'))).toEqual([
      { type: 'text-delta', text: 'The' },
      { type: 'text-delta', text: ' largest planet is' },
      { type: 'text-delta', text: ' **Jupiter**.' },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('T2: thinking comes with its kind and agent', async () => {
    expect((await readEvents(await fixture('t2'))).slice(0, 3)).toEqual([
      { type: 'reasoning-delta', text: 'Thinking about your request', kind: 'heading', agent: 'Grok' },
      { type: 'reasoning-delta', text: '- Testing small divisors of 221.\n', kind: 'summary', agent: 'Grok' },
      { type: 'reasoning-delta', text: '- 13 times 17 gives 221.\n', kind: 'summary', agent: 'Grok' },
    ])
  })

  test('T3: searches, sources and citations at their code points; raw tool output is not shown', async () => {
    const events = await readEvents(await fixture('t3'))
    expect(events.filter(({ type }) => type === 'tool-start')).toEqual([
      {
        type: 'tool-start',
        id: 'tu-1',
        tool: 'web_search',
        argument: 'Orion-9 probe launch date',
        agent: 'Grok',
      },
      {
        type: 'tool-start',
        id: 'tu-2',
        tool: 'x_keyword_search',
        argument: 'Orion-9 from:orion9ops',
        agent: 'Grok',
      },
    ])
    expect(events.filter(({ type }) => type === 'tool-end')).toEqual([{ type: 'tool-end', id: 'tu-1' }])
    expect(events.flatMap((event) => (event.type === 'source' ? [event.title] : []))).toEqual([
      'Orion-9 mission page',
      'Orion-9 slips to May',
      '𝕏/@orion9ops: Rollout done. Launch NET 3 May.',
    ])
    expect(
      events.flatMap((event) => (event.type === 'citation' ? [[event.number, event.start, event.end]] : [])),
    ).toEqual([
      [1, 31, 71],
      [2, 99, 157],
    ])
    expect(textOf(events)).not.toContain('raw search output')
  })

  test('T4: several agents think, one answers', async () => {
    const events = await readEvents(await fixture('t4'))
    expect(textOf(events)).toBe('Beta costs 1.1 M more than Alpha. Choose Alpha.')
    const agents = events.flatMap((event) => ('agent' in event ? [event.agent] : []))
    expect(new Set(agents)).toEqual(new Set(['Grok', 'Agent 1', 'Agent 2']))
    expect(events.filter(({ type }) => type === 'tool-end')).toHaveLength(2)
  })

  test('T5: one picture; the moderated one and the repetition are left out', async () => {
    const events = await readEvents(await fixture('t5'))
    expect(textOf(events)).toBe('Here you go.')
    expect(events.flatMap((event) => (event.type === 'image-progress' ? [event.percent] : []))).toEqual([
      0, 50, 50,
    ])
    const uuid = '11111111-aaaa-4aaa-8aaa-000000000001'
    expect(events.filter(({ type }) => type === 'image')).toEqual([
      { type: 'image', id: uuid, url: `https://assets.test/users/6b2f/generated/${uuid}/image.jpg` },
    ])
  })

  test.each(['t6a', 't6b', 't6c'])('%s: a rate limit, wherever it is told', async (name) => {
    expect(await failureOf(await fixture(name))).toEqual({ code: 'rate_limited', events: 0 })
  })

  test('T7: a stream that breaks off is an error, after what it said', async () => {
    expect(await failureOf(await fixture('t7'))).toEqual({ code: 'JsonObjectsError', events: 2 })
  })

  test('T8, T9: a text with a tool block and an answer to a picture come as text', async () => {
    expect(textOf(await readEvents(await fixture('t8')))).toContain('<tool_name>get_weather</tool_name>')
    expect(textOf(await readEvents(await fixture('t9')))).toBe('A lighthouse at dusk.')
  })

  test.each(['t1', 't2', 't3', 't4', 't5', 't8', 't9'])(
    '%s gives the same events however it is cut',
    async (name) => {
      const bytes = await fixture(name)
      const whole = await readEvents(bytes)
      const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 30 })
      await fc.assert(
        fc.asyncProperty(cuts, async (places) => {
          const sorted = [0, ...places.sort((a, b) => a - b), bytes.length]
          const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
          expect(await readEvents(...chunks)).toEqual(whole)
        }),
        { numRuns: 50 },
      )
    },
  )
})

describe('the end of an answer', () => {
  const said = frame({ token: 'hi', messageTag: 'final' })

  test.each([
    ['a soft stop of its own', said + end],
    ['a soft stop folded into the last token', frame({ token: 'hi', messageTag: 'final', isSoftStop: true })],
    ['final metadata', said + frame({ finalMetadata: {} })],
    ['the whole message', said + frame({ modelResponse: { message: 'hi' } })],
    ['[DONE]', `data: ${said}\ndata: [DONE]\n`],
  ])('%s completes it', async (_, text) => {
    expect(await readEvents(encoder.encode(text))).toEqual([
      { type: 'text-delta', text: 'hi' },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('the stream simply ending does not', async () => {
    expect(await failureOf(encoder.encode(said))).toEqual({ code: 'upstream_unavailable', events: 1 })
  })

  test('an answer without text or pictures is a failure', async () => {
    expect((await failureOf(encoder.encode(end))).code).toBe('upstream_unavailable')
  })

  test('pictures that were all withheld are the refusal of the service', async () => {
    const chunk = { imageUuid: 'u', imageUrl: 'x.jpg', progress: 100, moderated: true }
    const card = frame({ cardAttachment: { jsonData: JSON.stringify({ id: 'g', image_chunk: chunk }) } })
    expect((await failureOf(encoder.encode(card + end))).code).toBe('content_policy')
  })

  test('metadata that is cut after the end does not spoil the answer', async () => {
    const text = `${said}${end}{"result":{"response":{"finalMeta`
    expect(textOf(await readEvents(encoder.encode(text)))).toBe('hi')
  })

  test('the part of the final message that was not streamed is added', async () => {
    const text = said + end + frame({ modelResponse: { message: 'hi there' } })
    expect(textOf(await readEvents(encoder.encode(text)))).toBe('hi there')
  })
})

describe('frames', () => {
  test.each([
    ['without a tag', { token: 'x' }],
    ['with an empty tag', { token: 'x', messageTag: '' }],
    ['tagged final', { token: 'x', messageTag: 'final' }],
    ['of the first alternative', { token: 'x', sideBySideIndex: 0 }],
  ])('%s are answer text', async (_, response) => {
    expect(textOf(await readEvents(encoder.encode(frame(response) + end)))).toBe('x')
  })

  test.each([
    ['of a second alternative', { token: 'x', sideBySideIndex: 1 }],
    ['with an unknown tag', { token: 'x', messageTag: 'follow_up' }],
    ['of raw tool output', { token: 'x', isThinking: true, messageTag: 'raw_function_result' }],
    ['nobody knows', { somethingNew: { deep: [1] } }],
  ])('%s are passed over', async (_, response) => {
    const text = frame(response) + frame({ token: 'answer' }) + end
    expect(await readEvents(encoder.encode(text))).toEqual([
      { type: 'text-delta', text: 'answer' },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test.each([
    ['at the top', { error: { code: 13, message: 'x' } }],
    ['in the response', { result: { response: { error: { code: 13, message: 'x' } } } }],
    ['in the final message, as a text', { result: { response: { modelResponse: { streamErrors: ['x'] } } } }],
    [
      'in the final message, nested',
      { result: { response: { modelResponse: { streamErrors: [{ error: { code: 13, message: 'x' } }] } } } },
    ],
  ])('an error %s ends the stream', async (_, value) => {
    expect((await failureOf(encoder.encode(JSON.stringify(value)))).code).toBe('upstream_unavailable')
  })

  test('give events or an error for any JSON, never a crash of another kind', async () => {
    const response = fc.record(
      {
        token: fc.oneof(fc.string(), fc.jsonValue()),
        isThinking: fc.jsonValue(),
        isSoftStop: fc.jsonValue(),
        messageTag: fc.constantFrom(
          'final',
          'header',
          'summary',
          'tool_usage_card',
          'raw_function_result',
          undefined,
          7,
        ),
        toolUsageCard: fc.jsonValue(),
        toolUsageCardId: fc.oneof(fc.string(), fc.jsonValue()),
        webSearchResults: fc.jsonValue(),
        cardAttachment: fc.jsonValue(),
        modelResponse: fc.oneof(
          fc.jsonValue(),
          fc.record({ message: fc.jsonValue(), generatedImageUrls: fc.jsonValue() }),
        ),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(response, fc.object()), { maxLength: 8 }), async (responses) => {
        try {
          await readEvents(encoder.encode(responses.map(frame).join('') + end))
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})

describe('a failure', () => {
  const said = encoder.encode(frame({ token: 'a' }))
  const saidAndFailed = encoder.encode(
    `${frame({ token: 'b' })}{"error":{"code":8,"message":"Too many requests"}}`,
  )

  test('in the first read is thrown before any event, so that another account can answer', async () => {
    expect(await failureOf(saidAndFailed)).toEqual({ code: 'rate_limited', events: 0 })
  })

  test('in a later read comes after what that read said', async () => {
    expect(await failureOf(said, saidAndFailed)).toEqual({ code: 'rate_limited', events: 2 })
  })
})

test('leaving early cancels the body', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encoder.encode(frame({ token: 'x' }))),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const batch of readChat(body, {
    assetsUrl: '',
    onWait: () => {},
    onRead: () => {},
    onEnded: () => {},
  })) {
    if (batch.length > 0) break
  }
  expect(cancelled).toBe(true)
})
