import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ChatEvent } from '../../src/core/chat-event.ts'
import { errorCodes, GatewayError } from '../../src/core/error.ts'
import { encodeFrame, type WireEvent } from '../../src/api/openai/responses/event-writer.ts'
import { newResponseId } from '../../src/api/openai/responses/item-ids.ts'
import { echoRequest } from '../../src/api/openai/responses/request-echo.ts'
import { ResponseEncoder } from '../../src/api/openai/responses/response-encoder.ts'
import { createSchema } from '../../src/api/openai/responses/schema-body.ts'
import { ToolNames } from '../../src/api/openai/responses/tool-names.ts'
import { ResponsesGrammar } from './responses-grammar.ts'

const USAGE = { promptTokens: 3, completionTokens: 5, reasoningTokens: 1 }
const NOW = 1_800_000_000_000
const CALL_ID = '0123456789abcdef01234567'

const names = new ToolNames()
names.add({ type: 'function', name: 'plain' })
names.add({ type: 'function', name: 'inner', namespace: 'space' })
names.add({ type: 'custom', name: 'free' })
names.add({ type: 'tool-search' })

function createEncoder(): ResponseEncoder {
  const body = createSchema.parse({ model: 'grok-4.20-fast', input: 'hi', tools: [{ type: 'web_search' }] })
  const head = {
    id: newResponseId(),
    createdAt: 1_800_000_000,
    model: body.model,
    echo: echoRequest(body, true),
  }
  return new ResponseEncoder({ head, names, withSources: true, sealReasoning: true })
}

/** What the grammar says of a whole stream. */
function findFaults(events: readonly WireEvent[]): string[] {
  const grammar = new ResponsesGrammar()
  const faults = events.flatMap(({ type, json }) => grammar.accept({ name: type, data: json }))
  return [...faults, ...grammar.accept({ data: '[DONE]' }), ...grammar.end()]
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const source = fc.record({
  type: fc.constant('source' as const),
  url: fc.webUrl(),
  title: text,
  kind: fc.constantFrom('web' as const, 'x_post' as const),
})
const event: fc.Arbitrary<ChatEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text-delta' as const), text }) },
  fc.record({ type: fc.constant('reasoning-delta' as const), text, kind: fc.constant('raw' as const) }),
  fc.record({ type: fc.constant('refusal' as const), text }),
  fc
    .record({ start: fc.nat(40), length: fc.nat(20), title: text, number: fc.nat(9) })
    .map(({ start, length, title, number }) => ({
      type: 'citation' as const,
      url: 'https://a.example',
      title,
      number,
      start,
      end: start + length,
    })),
  fc.record({
    type: fc.constant('hosted-search' as const),
    id: text,
    kind: fc.constant('web' as const),
    query: text,
    sources: fc.array(source, { maxLength: 2 }),
  }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.constant(CALL_ID),
    name: fc.constantFrom('plain', 'space__inner', 'free', 'tool_search', 'unknown'),
    input: fc.constantFrom('{}', '{"a":"ü"}', '{"query":"x"}'),
  }),
  fc.constant({ type: 'tool-end' as const, id: 'x' }),
  source,
)
const batches = fc.array(fc.array(event, { maxLength: 5 }), { maxLength: 8 })
const reason = fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const, 'refusal' as const)

describe('a response as events', () => {
  test('keeps the grammar of its stream, whatever the answer is and however it is cut', () => {
    fc.assert(
      fc.property(batches, reason, (batches, reason) => {
        const encoder = createEncoder()
        const events = [...encoder.start(), ...batches.flatMap((batch) => encoder.encode(batch))]
        events.push(...encoder.encode([{ type: 'finish', reason }]), ...encoder.end(USAGE, NOW).events)
        expect(findFaults(events)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('keeps it when the answer breaks anywhere, for any reason', () => {
    fc.assert(
      fc.property(batches, fc.constantFrom(...errorCodes), (batches, code) => {
        const encoder = createEncoder()
        const events = [...encoder.start(), ...batches.flatMap((batch) => encoder.encode(batch))]
        events.push(...encoder.fail(new GatewayError(code, 'It broke.')).events)
        expect(findFaults(events)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('is the same folded, whatever the batches are', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const head = createEncoder().head
        const fold = (batches: readonly (readonly ChatEvent[])[]) => {
          const encoder = new ResponseEncoder({ head, names, withSources: false, sealReasoning: false })
          for (const batch of batches) encoder.encode(batch)
          return encoder.end(USAGE, NOW).response
        }
        expect(fold(events.map((event) => [event]))).toEqual(fold([events]))
      }),
    )
  })

  test('names a tool as its caller did, with its namespace', () => {
    const encoder = createEncoder()
    const call = (name: string, input: string): ChatEvent => ({ type: 'tool-call', id: CALL_ID, name, input })
    encoder.encode([
      call('space__inner', '{"a":1}'),
      call('free', '*** go'),
      call('tool_search', '{"query":"q"}'),
    ])
    expect(encoder.end(USAGE, NOW).response.output).toMatchObject([
      {
        type: 'function_call',
        name: 'inner',
        namespace: 'space',
        arguments: '{"a":1}',
        call_id: `call_${CALL_ID}`,
      },
      { type: 'custom_tool_call', name: 'free', input: '*** go' },
      { type: 'tool_search_call', execution: 'client', arguments: { query: 'q' } },
    ])
  })

  test('counts a citation from the start of its own message', () => {
    const encoder = createEncoder()
    const search = { type: 'hosted-search', id: '1', kind: 'web', query: 'q', sources: [] } as const
    const cite = { type: 'citation', url: 'u', title: 't', number: 1, start: 3, end: 4 } as const
    encoder.encode([{ type: 'text-delta', text: '🙂b' }, search, { type: 'text-delta', text: 'cd' }, cite])
    const last = encoder.end(USAGE, NOW).response.output.at(-1)
    expect(last).toMatchObject({ content: [{ text: 'cd', annotations: [{ start_index: 1, end_index: 2 }] }] })
  })

  test('tells Codex when to ask again after a limit, and other clients what went wrong in both forms', () => {
    const failure = new GatewayError('rate_limited', 'Too many.', { retryAfterSeconds: 2 })
    const { events, response } = createEncoder().fail(failure)
    expect(response.error).toEqual({
      code: 'rate_limit_exceeded',
      message: 'Too many. Please try again in 2s.',
    })
    const nested = { message: 'Too many.', code: 'rate_limit_exceeded', param: null }
    expect(JSON.parse(events[0]?.json ?? '')).toMatchObject({ type: 'error', ...nested, error: nested })
  })

  test('a frame has an event line, one data line and line feeds only', () => {
    const [first] = createEncoder().start()
    expect(first && encodeFrame(first)).toMatch(/^event: response\.created\ndata: \{[^\r\n]*\}\n\n$/)
  })
})

describe('the grammar', () => {
  const whole = (): readonly WireEvent[] => {
    const encoder = createEncoder()
    const start = encoder.start()
    const events = encoder.encode([
      { type: 'reasoning-delta', text: 'hm', kind: 'raw' },
      { type: 'hosted-search', id: '1', kind: 'web', query: 'q', sources: [] },
      { type: 'text-delta', text: 'one ' },
      { type: 'text-delta', text: 'two' },
      { type: 'citation', url: 'u', title: 't', number: 1, start: 0, end: 3 },
      { type: 'tool-call', id: CALL_ID, name: 'plain', input: '{"a":1}' },
      { type: 'tool-call', id: CALL_ID, name: 'free', input: 'x' },
    ])
    return [...start, ...events, ...encoder.end(USAGE, NOW).events]
  }

  test('takes a whole stream, but none that lacks an event, has one twice or in another order', () => {
    const events = whole()
    expect(findFaults(events)).toEqual([])
    for (const index of events.keys()) {
      const [before, event, next, after] = [
        events.slice(0, index),
        events.slice(index, index + 1),
        events.slice(index + 1, index + 2),
        events.slice(index + 2),
      ]
      expect(findFaults([...before, ...next, ...after])).not.toEqual([])
      expect(findFaults([...before, ...event, ...event, ...next, ...after])).not.toEqual([])
      if (next.length > 0) expect(findFaults([...before, ...next, ...event, ...after])).not.toEqual([])
    }
  })

  test('notices other numbers, texts, items and missing keys', () => {
    const changes: readonly (readonly [from: string | RegExp, to: string])[] = [
      ['"text":"one two"', '"text":"one"'],
      ['"arguments":"{\\"a\\":1}"', '"arguments":"{}"'],
      ['"output_index":2', '"output_index":3'],
      ['"content_index":0', '"content_index":1'],
      ['"sequence_number":9', '"sequence_number":19'],
      ['"prompt_cache_key":null,', ''],
      ['"logprobs":[],', ''],
      [/"item_id":"msg_\w+"/, '"item_id":"msg_0"'],
    ]
    for (const [from, to] of changes) {
      let changed = false
      const events = whole().map(({ type, json }) => {
        const json2 = changed ? json : json.replace(from, to)
        changed ||= json2 !== json
        return { type, json: json2 }
      })
      expect([from, changed, findFaults(events).length > 0]).toEqual([from, true, true])
    }
  })
})
