import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ChatChunkEncoder, encodeUsageChunk } from '../../src/api/openai/chat-chunks.ts'
import type { ChatEvent, FinishReason } from '../../src/core/chat-event.ts'
import { ChatGrammar } from './chat-grammar.ts'

const head = { id: 'chatcmpl-1', created: 1, model: 'm' }

function faultsOf(frames: string): string[] {
  const grammar = new ChatGrammar()
  const found: string[] = []
  for (const block of frames.split('\n\n').filter((text) => text !== '')) {
    found.push(...grammar.accept({ data: block.slice('data: '.length) }))
  }
  return [...found, ...grammar.end()]
}

const anyText = fc.string({ unit: 'binary' })
const anyEvent: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc.record({ type: fc.constant('text-delta' as const), text: anyText }),
  fc.record({
    type: fc.constant('reasoning-delta' as const),
    text: anyText,
    kind: fc.constant('raw' as const),
  }),
  fc.record({ type: fc.constant('tool-start' as const), id: anyText, tool: fc.constant('web_search') }),
  fc.record({ type: fc.constant('tool-end' as const), id: anyText }),
  fc.record({
    type: fc.constant('source' as const),
    url: anyText,
    title: anyText,
    kind: fc.constant('web' as const),
  }),
  fc.record({
    type: fc.constant('citation' as const),
    url: anyText,
    title: anyText,
    number: fc.nat(),
    start: fc.nat(),
    end: fc.nat(),
  }),
  fc.record({ type: fc.constant('refusal' as const), text: anyText }),
)
const anyCall = fc.record({
  type: fc.constant('tool-call' as const),
  id: fc.stringMatching(/^[0-9a-f]{24}$/),
  name: fc.constantFrom('f', 'free'),
  input: anyText,
})

interface Answer {
  readonly batches: readonly (readonly ChatEvent[])[]
  readonly withUsage: boolean
}

const anyAnswer: fc.Arbitrary<Answer> = fc
  .record({
    events: fc.array(anyEvent, { maxLength: 12 }),
    calls: fc.array(anyCall, { maxLength: 3 }),
    cuts: fc.array(fc.nat(15), { maxLength: 5 }),
    plainReason: fc.constantFrom<FinishReason>('stop', 'length', 'refusal'),
    withUsage: fc.boolean(),
  })
  .map(({ events, calls, cuts, plainReason, withUsage }) => {
    const reason = calls.length > 0 ? 'tool-calls' : plainReason
    const all: ChatEvent[] = [...events, ...calls, { type: 'finish', reason }]
    const ends = [...cuts.toSorted((a, b) => a - b), all.length]
    return { batches: ends.map((end, index) => all.slice(ends[index - 1] ?? 0, end)), withUsage }
  })

test('every sequence of events is encoded as the grammar has it', () => {
  fc.assert(
    fc.property(fc.array(anyAnswer, { minLength: 1, maxLength: 3 }), (answers) => {
      const withUsage = answers[0]?.withUsage ?? false
      const wording = { style: 'tool-calls', customTools: new Set(['free']) } as const
      let frames = ''
      for (const [index, { batches }] of answers.entries()) {
        const encoder = new ChatChunkEncoder(head, index, { withUsage, wording })
        frames += encoder.encodeRole() + batches.map((batch) => encoder.encode(batch)).join('')
      }
      const usage = { promptTokens: 1, completionTokens: 2, reasoningTokens: 1 }
      if (withUsage) frames += encodeUsageChunk(head, usage)
      expect(faultsOf(`${frames}data: [DONE]\n\n`)).toEqual([])
    }),
  )
})

describe('the grammar finds', () => {
  const wording = { style: 'tool-calls', customTools: new Set<string>() } as const
  const encoder = new ChatChunkEncoder(head, 0, { withUsage: false, wording })
  const role = encoder.encodeRole()
  const text = encoder.encode([{ type: 'text-delta', text: 'x' }])
  const stop = encoder.encode([{ type: 'finish', reason: 'stop' }])
  const calls = encoder.encode([{ type: 'finish', reason: 'tool-calls' }])
  const call = encoder.encode([{ type: 'tool-call', id: 'a', name: 'f', input: '{}' }])
  const done = 'data: [DONE]\n\n'
  test.each([
    ['nothing at all', done],
    ['no end', role + text + stop],
    ['a choice without its finish', role + text + done],
    ['a missing role', text + stop + done],
    ['a role said twice', role + role + stop + done],
    ['text after the finish', role + stop + text + done],
    ['a finish by calls without a call', role + calls + done],
    ['a call without a finish by calls', role + call + stop + done],
    ['another id', role + stop.replace('chatcmpl-1', 'chatcmpl-2') + done],
    ['an unknown field', role + stop.replace('"delta":{', '"delta":{"x":1') + done],
    ['something after the end', role + stop + done + text],
    [
      'something after an error',
      `${role}data: {"error":{"message":"","type":"","param":null,"code":null}}\n\n${text}${done}`,
    ],
  ])('%s', (_, frames) => {
    expect(faultsOf(frames)).not.toEqual([])
  })
})
