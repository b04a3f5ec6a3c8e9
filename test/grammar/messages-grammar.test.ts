import { describe, expect, test } from 'bun:test'
import { encodeMessageStream } from '../../src/api/anthropic/message-stream.ts'
import type { ChatEvent } from '../../src/core/chat-event.ts'
import { MessagesGrammar } from './messages-grammar.ts'
import type { SseEvent } from './stream-grammar.ts'

async function* answerOf(events: readonly ChatEvent[]): AsyncGenerator<readonly ChatEvent[]> {
  yield events
}

const usage = () => Promise.resolve({ promptTokens: 5, completionTokens: 3, reasoningTokens: 1 })

async function eventsOf(answer: readonly ChatEvent[]): Promise<Required<SseEvent>[]> {
  const head = { id: 'msg_1', model: 'grok' }
  let text = ''
  const options = { head, answer: answerOf(answer), inputTokens: 5, usage, requestId: 'req_1' }
  for await (const frames of encodeMessageStream(options)) text += frames
  return text.split('\n\n').flatMap((frame) => {
    const [, name, data] = /^event: ([^\n]*)\ndata: ([^\n]*)$/.exec(frame) ?? []
    return name !== undefined && data !== undefined ? [{ name, data }] : []
  })
}

function faultsOf(events: readonly SseEvent[]): string[] {
  const grammar = new MessagesGrammar()
  return [...events.flatMap((event) => grammar.accept(event)), ...grammar.end()]
}

const finish = { type: 'finish', reason: 'tool-calls' } as const
const answer: readonly ChatEvent[] = [
  { type: 'reasoning-delta', text: 'hm', kind: 'raw' },
  { type: 'text-delta', text: 'hello' },
  { type: 'tool-call', id: 'a'.repeat(24), name: 'f', input: '{"x":1}' },
  finish,
]

describe('the grammar of a Messages stream', () => {
  test('finds nothing wrong with a good one', async () => {
    expect(faultsOf(await eventsOf(answer))).toEqual([])
  })

  test('misses each event that is left out, except pings and deltas of text', async () => {
    const events = await eventsOf(answer)
    const needed = events.filter(({ data }) => !/"ping"|text_delta|thinking_delta/.test(data))
    const unnoticed = needed.filter((left) => faultsOf(events.filter((event) => event !== left)).length === 0)
    expect(unnoticed).toEqual([])
  })

  test('notices each event that comes twice, except pings and deltas of text', async () => {
    const events = await eventsOf(answer)
    const single = events.filter(({ data }) => !/"ping"|text_delta|thinking_delta/.test(data))
    const twice = (one: SseEvent): SseEvent[] =>
      events.flatMap((event) => (event === one ? [one, one] : [event]))
    expect(single.filter((one) => faultsOf(twice(one)).length === 0)).toEqual([])
  })

  test.each([
    '"stop_sequence":null,',
    '"caller":{"type":"direct"}',
    '"citations":null',
    '"output_tokens":3,',
  ])('misses the key of %s', async (part) => {
    const events = await eventsOf(answer)
    const broken = events.map(({ name, data }) => ({
      name,
      data: data.replace(part, '').replace(',}', '}').replaceAll(',,', ','),
    }))
    expect(faultsOf(broken).length).toBeGreaterThan(0)
  })

  test('wants the name of an event in a line of its own', async () => {
    const events = await eventsOf(answer)
    expect(faultsOf(events.map(({ data }) => ({ data }))).length).toBe(events.length)
  })

  test('takes an error as the end, and nothing after it', async () => {
    const [start] = await eventsOf(answer)
    const error = {
      name: 'error',
      data: '{"type":"error","error":{"type":"api_error","message":"broken"},"request_id":"req_1"}',
    }
    expect(faultsOf(start ? [start, error] : [])).toEqual([])
    expect(faultsOf(start ? [start, error, error] : [])).toEqual(['error after the end'])
  })
})
