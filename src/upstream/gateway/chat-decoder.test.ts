import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { JsonObject } from '../../util/json-fields.ts'
import { JsonObjectsError } from '../../util/json-objects.ts'
import { ChatDecoder } from './chat-decoder.ts'
import { MessageReader } from './message-reader.ts'

const chunk = (part: JsonObject, metadata?: JsonObject): JsonObject => ({
  type: 'response.chunk',
  chunk: { ...part, ...(metadata && { metadata }) },
})
const said = (text: string, channel?: unknown): JsonObject =>
  chunk({ text: { text, ...(channel !== undefined && { channel }) } })
const done: JsonObject = { type: 'response.done', response: { id: 'r', status: 'completed' } }

function decode(list: readonly JsonObject[]): readonly ChatEvent[] {
  const decoder = new ChatDecoder('https://assets.test')
  const events: ChatEvent[] = []
  for (const event of list) decoder.decode(event, events)
  if (decoder.ended) decoder.end(events)
  return events
}

function codeOf(list: readonly JsonObject[]): string {
  try {
    decode(list)
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'none'
}

const textOf = (events: readonly ChatEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

describe('channels', () => {
  test.each([
    [undefined, 'answer'],
    ['', 'answer'],
    [1, 'answer'],
    ['CHANNEL_ASSISTANT_RESPONSE', 'answer'],
    ['CHANNEL_ASSISTANT_ANALYSIS', 'raw'],
    ['CHANNEL_REASONING', 'raw'],
    ['CHANNEL_ASSISTANT_THINKING', 'raw'],
    [2, 'raw'],
    ['CHANNEL_ASSISTANT_NOTETAKER_HEADER', 'heading'],
    [3, 'heading'],
    ['CHANNEL_ASSISTANT_NOTETAKER_SUMMARY', 'summary'],
    [4, 'summary'],
    ['CHANNEL_NEW', 'raw'],
  ] as const)('%p carries %s', (channel, kind) => {
    const [event] = decode([said('x', channel)])
    expect(event).toEqual(
      kind === 'answer' ? { type: 'text-delta', text: 'x' } : { type: 'reasoning-delta', text: 'x', kind },
    )
  })
})

describe('the text', () => {
  const delta = (text: string): JsonObject => ({ type: 'response.output_text.delta', delta: text })
  const whole: JsonObject = { type: 'response.output_text.done', text: 'ab' }

  test('is of the family that came first, whichever that is, and is never said twice', () => {
    expect(textOf(decode([said('a'), delta('a'), said('b'), delta('b'), whole, done]))).toBe('ab')
    expect(textOf(decode([delta('a'), said('a'), delta('b'), said('b'), whole, done]))).toBe('ab')
    expect(textOf(decode([whole, done]))).toBe('ab')
    expect(textOf(decode([said('think', 'CHANNEL_ANALYSIS'), delta('ab'), done]))).toBe('ab')
  })

  test('may refer to cards by tags that are torn over chunks', () => {
    const card = { id: 'c', type: 'render_inline_citation', url: 'https://a.test/x' }
    const output = { type: 'response.grok.output', output: { card_attachment: { jsonData: card } } }
    const tag =
      '<grok:render card_id="c" card_type="citation_card" type="render_inline_citation"></grok:render>'
    const events = decode([output, said('Yes.'), said(tag.slice(0, 9)), said(tag.slice(9)), done])
    expect(textOf(events)).toBe('Yes. [[1]](https://a.test/x)')
  })

  test('counts code points before a citation, and shows found pictures', () => {
    const cite = chunk({ render_citation: { id: 'c1', url: 'https://a.test/' } })
    const found = { id: 'i', image: { title: 't', thumbnail: 'https://a.test/i.png' } }
    const events = decode([said('😀é'), cite, chunk({ render_searched_image: found }), done])
    expect(events.find(({ type }) => type === 'citation')).toMatchObject({ start: 2, number: 1 })
    expect(textOf(events)).toEndWith('![t](https://a.test/i.png)')
  })
})

describe('hosted calls', () => {
  const card = (id?: string) =>
    chunk(
      { tool_usage_card: { ...(id && { tool_usage_card_id: id }), x_search: { query: 'q' } } },
      { step_id: 4 },
    )
  const posts = { x_post: { posts: [{ username: 'u', postId: '7', text: 't' }, { name: 'nobody' }] } }

  test('end with their result, with what it found before that', () => {
    expect(decode([card('a'), chunk({ tool_result: { tool_call_id: 'a', ...posts } })])).toEqual([
      { type: 'tool-start', id: 'a', tool: 'x_search', argument: 'q' },
      { type: 'source', url: 'https://x.com/u/status/7', title: 'u: t', kind: 'x_post' },
      { type: 'tool-end', id: 'a' },
    ])
  })

  test('without an id are told apart, and a result without one ends the only one that runs', () => {
    const events = decode([card(), chunk({ tool_result: posts }), chunk({ tool_result: posts })])
    expect(events.map((event) => ('id' in event ? `${event.type} ${event.id}` : event.type))).toEqual([
      'tool-start :4',
      'source',
      'tool-end :4',
    ])
  })

  test('that were never announced begin and end with their result', () => {
    const result = { tool_call_id: 'z', web_search: { webpages: [{ url: 'https://a.test/', title: 'A' }] } }
    expect(decode([chunk({ tool_result: result })]).map(({ type }) => type)).toEqual([
      'tool-start',
      'source',
      'tool-end',
    ])
  })
})

describe('failures', () => {
  const streamError = (fields: JsonObject): JsonObject => ({
    type: 'response.grok.output',
    output: { stream_error: fields },
  })
  test.each([
    [{ code: 8, message: 'x' }, 'rate_limited'],
    [{ code: 2, message: 'Usage limit reached for this mode' }, 'rate_limited'],
    [{ code: 13, message: 'x', details: { usage_pool_exhausted: {} } }, 'rate_limited'],
    [{ code: 13, message: 'x', details: { concurrency_limit: {} } }, 'rate_limited'],
    [{ code: 8, message: 'x', details: { beyond_context_length: {} } }, 'context_length_exceeded'],
    [{ code: 3, message: 'x', user_prompt_too_long: {} }, 'context_length_exceeded'],
    [{ code: 9, message: 'x', details: ['content_moderated'] }, 'content_policy'],
    [{ code: 3, message: 'x', details: { attachment_too_large: {} } }, 'upstream_rejected'],
    [{ code: 5, message: 'Attached file not found' }, 'upstream_rejected'],
    [{ code: 16, message: 'x' }, 'credential_invalid'],
    [{ code: 7, message: 'Request rejected by anti-bot rules.' }, 'egress_rejected'],
    [{ code: 7, message: 'User is blocked' }, 'account_blocked'],
    [{ code: 13, message: 'x', details: { internal_error: {} } }, 'upstream_unavailable'],
    [{ code: 'RESOURCE_EXHAUSTED', message: 'x' }, 'rate_limited'],
    [{ code: 'rate_limit_exceeded', message: 'x' }, 'rate_limited'],
    [{ code: 'content-moderated', message: 'x' }, 'content_policy'],
    [{ code: 13, message: 'x', details: [{ usage_limit_reached: {} }] }, 'rate_limited'],
    [{ code: 13, message: 'x', details: { kind: 'USAGE_LIMIT_REACHED' } }, 'rate_limited'],
    [{ code: 13, message: 'x', details: [{ detail: { usageLimitReached: {} } }] }, 'rate_limited'],
    [{ code: 13, message: 'x', usageLimitReached: {} }, 'rate_limited'],
    [{ error: { code: 8, message: 'x' } }, 'rate_limited'],
    [{ code: 3, message: 'bad mode' }, 'upstream_rejected'],
    [{ message: 'nothing else' }, 'upstream_unavailable'],
  ])('%j is %s, as a stream error and as an event', (fields, code) => {
    expect(codeOf([streamError(fields)])).toBe(code)
    expect(codeOf([{ type: 'error', error: fields }])).toBe(code)
    expect(codeOf([{ type: 'response.error', error: fields }])).toBe(code)
  })

  test('may stand in the event itself; an empty one is none', () => {
    expect(codeOf([{ type: 'error', code: 8, message: 'Slow down' }])).toBe('rate_limited')
    expect(codeOf([{ type: 'error' }])).toBe('upstream_unavailable')
    expect(codeOf([streamError({}), said('a'), done])).toBe('none')
  })

  test('of an answer that is not complete are told by its details, and keep its state as evidence', () => {
    const stopped = (status_details?: JsonObject): JsonObject => ({
      type: 'response.done',
      response: { status: 'incomplete', ...(status_details && { status_details }) },
    })
    expect(codeOf([stopped({ reason: 'content_filter' })])).toBe('content_policy')
    expect(codeOf([stopped({ error: { code: 8 } })])).toBe('rate_limited')
    expect(() => decode([stopped()])).toThrow(
      expect.objectContaining({ cause: 'in the stream: code 0: the answer is incomplete' }),
    )
  })

  test('of a tool are borne if the answer comes, and told if it does not', () => {
    const mild = streamError({ code: 13, message: 'x', details: { tool_call_failed: {} } })
    const limit = streamError({ code: 8, message: 'x', severity: 'STREAM_ERROR_SEVERITY_NORMAL' })
    const failed = { type: 'response.done', response: { status: 'failed' } }
    expect(codeOf([mild, said('a'), done])).toBe('none')
    expect(codeOf([limit, said('a'), failed])).toBe('rate_limited')
    expect(codeOf([limit, done])).toBe('rate_limited')
    expect(codeOf([{ ...failed, response: { status: 'failed', status_details: { code: 8 } } }])).toBe(
      'rate_limited',
    )
  })
})

test('a part beside the text is read as well', () => {
  const both = chunk({ text: { text: 'b' }, render_citation: { id: 'c1', url: 'https://a.test/' } })
  const events = decode([said('a'), both, done])
  expect(textOf(events)).toBe('a [[1]](https://a.test/)b')
})

/** Events of an answer that may stand in any order and number before its end. */
const eventList = fc.array(
  fc.oneof(
    fc.string().map((text) => said(`${text}é😀`)),
    fc.string().map((text) => said(`${text}.`, 'CHANNEL_ANALYSIS')),
    fc.constant(chunk({ tool_usage_card: { tool_usage_card_id: 'a', web_search: { query: 'q{"}' } } })),
    fc.constant(chunk({ render_citation: { id: 'c', url: 'https://a.test/{x}' } })),
    fc.constant({ type: 'response.persisted', note: { deep: { event: {} } } }),
  ),
  { maxLength: 12 },
)

const envelopesOf = (texts: readonly string[]): readonly JsonObject[] => {
  const reader = new MessageReader()
  return texts.flatMap((text) => [...reader.read(text)])
}

describe('messages', () => {
  test('give the same events however the envelopes are joined, cut, or set apart by what is no JSON', () => {
    const spread = fc.tuple(eventList, fc.array(fc.nat({ max: 4000 }), { maxLength: 20 }), fc.boolean())
    fc.assert(
      fc.property(spread, ([list, places, hasBreaks]) => {
        const envelopes = list.map((event) => ({ session_id: 's', event }))
        const characters = Array.from(
          envelopes.map((envelope) => JSON.stringify(envelope)).join(hasBreaks ? '\n' : ''),
        )
        const cuts = [0, ...places.map((place) => place % (characters.length + 1)), characters.length]
        const sorted = cuts.toSorted((a, b) => a - b)
        const texts = sorted.slice(1).map((end, index) => characters.slice(sorted[index], end).join(''))
        expect(envelopesOf(texts)).toEqual(envelopes)
        const apart = envelopes.flatMap((envelope) => ['nonsense', JSON.stringify(envelope), '{"torn":'])
        expect(envelopesOf(apart)).toEqual(envelopes)
      }),
      { numRuns: 300 },
    )
  })

  test('may each be as long as a frame, also where two come in one', () => {
    const long = said('x'.repeat(9 * 1024 * 1024))
    const pair = [long, done].map((event) => JSON.stringify({ event })).join('')
    expect(envelopesOf([pair])).toEqual([{ event: long }, { event: done }])
  })

  test('that are too large end the answer', () => {
    expect(() => new MessageReader().read('x'.repeat(17 * 1024 * 1024))).toThrow(JsonObjectsError)
  })

  test('of any JSON give events or an error, never a crash', () => {
    const keys = [
      'text',
      'channel',
      'chunk',
      'error',
      'output',
      'stream_error',
      'card_attachment',
      'response',
    ]
    const more = ['status', 'tool_result', 'tool_usage_card', 'render_citation', 'image_chunk', 'details']
    const types = ['chunk', 'done', 'output_text.delta', 'grok.output', 'error', 'search.result']
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), tie('object')),
      object: fc.dictionary(fc.constantFrom(...keys, ...more), tie('any'), { maxKeys: 4 }),
    })).object
    const event = fc
      .tuple(fc.constantFrom(...types), value)
      .map(([type, fields]): JsonObject => Object.assign({}, fields, { type: `response.${type}` }))
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (list) => {
        expect(codeOf(list)).toBeString()
      }),
      { numRuns: 500 },
    )
  })
})
