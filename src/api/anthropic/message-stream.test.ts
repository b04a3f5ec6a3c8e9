import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { MessagesGrammar } from '../../../test/grammar/messages-grammar.ts'
import type { SseEvent } from '../../../test/grammar/stream-grammar.ts'
import type { ChatEvent, Finish } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { BlockEncoder } from './block-encoder.ts'
import { FoldedBlocks } from './fold-blocks.ts'
import { encodeMessageStream } from './message-stream.ts'

const head = { id: 'msg_1', model: 'grok' }
const usage = () => Promise.resolve({ promptTokens: 7, completionTokens: 3, reasoningTokens: 1 })

async function* batchesOf(batches: readonly (readonly ChatEvent[])[]) {
  yield* batches
}

/** The events of a stream; every chunk must hold whole frames. */
async function readStream(answer: AsyncGenerator<readonly ChatEvent[]>): Promise<SseEvent[]> {
  const events: SseEvent[] = []
  for await (const chunk of encodeMessageStream({
    head,
    answer,
    inputTokens: 7,
    usage,
    requestId: 'req_1',
  })) {
    expect(chunk).toEndWith('\n\n')
    for (const frame of chunk.slice(0, -2).split('\n\n')) {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(frame) ?? []
      events.push({ name, data })
    }
  }
  return events
}

function faultsOf(events: readonly SseEvent[]): string[] {
  const grammar = new MessagesGrammar()
  return [...events.flatMap((event) => grammar.accept(event)), ...grammar.end()]
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const hex = fc.stringMatching(/^[0-9a-f]{24}$/)
const source = fc.record({
  type: fc.constant('source' as const),
  url: fc.webUrl(),
  title: text,
  kind: fc.constantFrom('web' as const, 'x_post' as const),
})

const event: fc.Arbitrary<ChatEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text-delta' as const), text }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('reasoning-delta' as const),
      text,
      kind: fc.constant('raw' as const),
    }),
  },
  source,
  fc.record({
    type: fc.constant('citation' as const),
    url: fc.webUrl(),
    title: text,
    number: fc.nat(9),
    start: fc.nat(9),
    end: fc.nat(9),
  }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: hex,
    name: fc.stringMatching(/^[\w-]{1,64}$/),
    input: fc.dictionary(text, fc.jsonValue()).map((value) => JSON.stringify(value)),
  }),
  fc.record({
    type: fc.constant('hosted-search' as const),
    id: text,
    kind: fc.constantFrom('web' as const, 'x_post' as const),
    query: text,
    sources: fc.array(source, { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('tool-start' as const), id: text, tool: text }),
  fc.record({ type: fc.constant('tool-end' as const), id: text }),
  fc.record({ type: fc.constant('image' as const), id: text, url: fc.webUrl() }),
  fc.record({ type: fc.constant('image-progress' as const), id: text, percent: fc.nat(100) }),
)

/** Legal answers: ids of calls are unique, and the end goes with what came before. */
const answer: fc.Arbitrary<readonly (readonly ChatEvent[])[]> = fc
  .tuple(
    fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 8 }),
    fc.constantFrom('stop', 'length', 'sequence', 'refusal'),
    text,
  )
  .map(([batches, ending, words]) => {
    const ids = new Set<string>()
    const unique = (one: ChatEvent): boolean => {
      if (one.type !== 'tool-call') return true
      const isNew = !ids.has(one.id)
      ids.add(one.id)
      return isNew
    }
    const events = batches.map((batch) => batch.filter(unique))
    return events.concat(endOf(ending, words, ids.size > 0))
  })

function endOf(ending: string, words: string, hasCalls: boolean): ChatEvent[][] {
  if (ending === 'refusal') {
    return [
      [
        { type: 'refusal', text: words },
        { type: 'finish', reason: 'refusal' },
      ],
    ]
  }
  if (ending === 'sequence') return [[{ type: 'finish', reason: 'stop', stopSequence: words }]]
  const reason: Finish['reason'] = ending === 'length' ? 'length' : hasCalls ? 'tool-calls' : 'stop'
  return [[{ type: 'finish', reason }]]
}

describe('any answer', () => {
  test('is a stream of legal order and form', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (batches) => {
        expect(faultsOf(await readStream(batchesOf(batches)))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('holds every character of its text and thinking, in order, streamed and folded', () => {
    fc.assert(
      fc.property(answer, (batches) => {
        const encoder = new BlockEncoder('msg_1')
        const folded = new FoldedBlocks()
        for (const batch of batches) folded.add(encoder.encode(batch))
        const said = batches
          .flat()
          .map((one) =>
            one.type === 'text-delta' || one.type === 'reasoning-delta' || one.type === 'refusal'
              ? one.text
              : '',
          )
        const read = folded.blocks.map((block) => {
          if (block.type === 'text') return block.text
          return block.type === 'thinking' ? block.thinking : ''
        })
        expect(read.join('')).toBe(said.join(''))
      }),
    )
  })

  test('does not depend on how it is cut into batches', () => {
    const fold = (batches: readonly (readonly ChatEvent[])[]) => {
      const encoder = new BlockEncoder('msg_1')
      const folded = new FoldedBlocks()
      for (const batch of batches) folded.add(encoder.encode(batch))
      return folded.blocks
    }
    fc.assert(
      fc.property(answer, (batches) => {
        expect(fold([batches.flat()])).toEqual([...fold(batches)])
      }),
    )
  })
})

const finish = { type: 'finish', reason: 'stop' } as const

function blocksOf(...events: readonly ChatEvent[]) {
  const folded = new FoldedBlocks()
  folded.add(new BlockEncoder('msg_1').encode(events))
  return folded.blocks
}

describe('an answer of', () => {
  test('text and then a call has two blocks, and the call keeps its input (D-22)', () => {
    const call = { type: 'tool-call', id: 'b'.repeat(24), name: 'f', input: '{"x":1}' } as const
    expect(blocksOf({ type: 'text-delta', text: 'Look.' }, call, finish)).toMatchObject([
      { type: 'text', text: 'Look.' },
      { type: 'tool_use', id: `toolu_${'b'.repeat(24)}`, name: 'f', input: { x: 1 } },
    ])
  })

  test('thinking alone still has a text, as clients read one', () => {
    expect(blocksOf({ type: 'reasoning-delta', text: 'hm', kind: 'raw' }, finish)).toMatchObject([
      { type: 'thinking', thinking: 'hm', signature: expect.stringMatching(/./) },
      { type: 'text', text: '' },
    ])
  })

  test('nothing is one empty text', () => {
    expect(blocksOf(finish)).toEqual([{ type: 'text', text: '', citations: null }])
  })

  test('a refusal says why, as text and in the details', async () => {
    const refusal = { type: 'refusal', text: 'No.' } as const
    const events = await readStream(batchesOf([[refusal, { type: 'finish', reason: 'refusal' }]]))
    expect(JSON.parse(events.at(-2)?.data ?? '')).toMatchObject({
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: 'No.' } },
    })
  })
})

test('a stream that breaks ends with an error event of this dialect, and with no foreign mark', async () => {
  async function* broken(): AsyncGenerator<readonly ChatEvent[]> {
    yield [{ type: 'text-delta', text: 'Hal' }]
    throw new GatewayError('upstream_unavailable', 'Public words.', { cause: 'private words' })
  }
  const events = await readStream(broken())
  expect(faultsOf(events)).toEqual([])
  expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({
    type: 'error',
    error: { type: 'api_error', message: 'Public words.' },
    request_id: 'req_1',
  })
})
