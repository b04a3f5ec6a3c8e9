import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ChatEvent } from './chat-event.ts'
import { filterEvents, type EventFilter } from './event-filter.ts'
import { ImageLinks } from './image-links.ts'
import { OutputCap, type Tokenizer } from './output-cap.ts'
import { ReasoningNarrator } from './reasoning-narrator.ts'
import { SourcesSection, withoutSourcesSection } from './sources-section.ts'
import { StopSequences } from './stop-sequences.ts'

const text = (value: string): ChatEvent => ({ type: 'text-delta', text: value })
const finish: ChatEvent = { type: 'finish', reason: 'stop' }

async function* streamOf(batches: readonly (readonly ChatEvent[])[]): AsyncGenerator<readonly ChatEvent[]> {
  for (const batch of batches) yield batch
}

async function run(filter: EventFilter, events: readonly ChatEvent[]): Promise<ChatEvent[]> {
  const found: ChatEvent[] = []
  for await (const batch of filterEvents(streamOf(events.map((event) => [event])), [filter]))
    found.push(...batch)
  return found
}

const joined = (events: readonly ChatEvent[], type: 'text-delta' | 'reasoning-delta'): string =>
  events.map((event) => (event.type === type && 'text' in event ? event.text : '')).join('')

/** A token is a word with the blanks before it. */
const words: Tokenizer = {
  count: async (value) => value.match(/\s*\S+/g)?.length ?? 0,
  truncate: async (value, maxTokens) => (value.match(/\s*\S+/g) ?? []).slice(0, maxTokens).join(''),
}

describe('stop sequences', () => {
  test('end the answer before the first one, however the text is cut', async () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', 'c', 'ab', 'abc', 'ca'), { maxLength: 20 })
    const stops = fc.array(fc.constantFrom('abca', 'cc', 'bcb', 'x'), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(pieces, stops, async (deltas, sequences) => {
        const whole = deltas.join('')
        const at = Math.min(
          ...sequences.map((sequence) => whole.indexOf(sequence)).filter((found) => found >= 0),
        )
        const events = await run(new StopSequences(sequences), [...deltas.map(text), finish])
        expect(joined(events, 'text-delta')).toBe(Number.isFinite(at) ? whole.slice(0, at) : whole)
        expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1)
      }),
    )
  })

  test('close the stream behind them', async () => {
    let closed = false
    async function* endless(): AsyncGenerator<readonly ChatEvent[]> {
      try {
        for (;;) yield [text('again STOP ')]
      } finally {
        closed = true
      }
    }
    for await (const batch of filterEvents(endless(), [new StopSequences(['STOP'])]))
      expect(batch.length).toBe(2)
    expect(closed).toBe(true)
  })
})

describe('the output cap', () => {
  test('ends with "length" at the cap, thinking included', async () => {
    const events: ChatEvent[] = [
      { type: 'reasoning-delta', text: 'one two', kind: 'raw' },
      text(' three four five'),
      finish,
    ]
    expect(await run(new OutputCap(words, 4), events)).toEqual([
      { type: 'reasoning-delta', text: 'one two', kind: 'raw' },
      text(' three four'),
      { type: 'finish', reason: 'length' },
    ])
  })

  test('leaves an answer alone that just fits', async () => {
    expect(await run(new OutputCap(words, 3), [text('one two'), text(' three'), finish])).toEqual([
      text('one two'),
      text(' three'),
      finish,
    ])
  })

  test('counts nothing while the bytes alone show that it fits', async () => {
    let counts = 0
    const counting: Tokenizer = { ...words, count: (value) => (counts++, words.count(value)) }
    await run(new OutputCap(counting, 1000), [text('a b c'), text(' d'), finish])
    expect(counts).toBe(0)
  })
})

describe('thinking', () => {
  const thought: ChatEvent[] = [
    { type: 'reasoning-delta', text: 'Thinking', kind: 'heading', agent: 'Grok' },
    { type: 'reasoning-delta', text: '- One.\n', kind: 'summary', agent: 'Grok' },
    { type: 'tool-start', id: 't', tool: 'web_search', argument: 'cats', agent: 'Agent 1' },
    { type: 'reasoning-delta', text: 'raw bits', kind: 'raw', agent: 'Agent 1' },
    { type: 'reasoning-delta', text: ' and more', kind: 'raw', agent: 'Agent 1' },
    { type: 'reasoning-delta', text: '- One.\n', kind: 'summary', agent: 'Grok' },
    text('Answer'),
    { type: 'reasoning-delta', text: 'too late', kind: 'raw' },
    finish,
  ]

  test('is written as lines, with who thinks and which tools are used', async () => {
    expect(joined(await run(new ReasoningNarrator('full'), thought), 'reasoning-delta')).toBe(
      'Thinking\n- One.\n[Agent 1] 🔍 web_search: cats\n\n[Agent 1]\nraw bits and more\n\n[Grok]\n- One.\n',
    )
  })

  test('is condensed to headings and bullets, each once, and a count of the tools', async () => {
    expect(joined(await run(new ReasoningNarrator('summary'), thought), 'reasoning-delta')).toBe(
      'Thinking\n- One.\nTools used: web_search × 1\n',
    )
  })

  test('is left out when hidden, and everything else stays', async () => {
    const events = await run(new ReasoningNarrator('hidden'), thought)
    expect(joined(events, 'reasoning-delta')).toBe('')
    expect(joined(events, 'text-delta')).toBe('Answer')
    expect(events.some(({ type }) => type === 'tool-start')).toBe(true)
  })

  test('that repeats itself is not swallowed', async () => {
    const again: ChatEvent = { type: 'reasoning-delta', text: 'ha', kind: 'raw' }
    expect(
      joined(await run(new ReasoningNarrator('full'), [again, again, text('x')]), 'reasoning-delta'),
    ).toBe('haha')
  })
})

describe('what is written into the text', () => {
  const image: ChatEvent = { type: 'image', id: 'i', url: 'https://a.test/i.jpg' }

  test('pictures, each in a paragraph of its own', async () => {
    const written = async (events: ChatEvent[]): Promise<string> =>
      joined(await run(new ImageLinks(), [...events, finish]), 'text-delta')
    expect(await written([image])).toBe('https://a.test/i.jpg')
    expect(await written([text('Here.'), { ...image, text: '![image](x)' }, image])).toBe(
      'Here.\n\n![image](x)\n\nhttps://a.test/i.jpg',
    )
    expect(await written([image, text('So'), text(' it is.')])).toBe('https://a.test/i.jpg\n\nSo it is.')
    expect(await written([image, text('\nSo.')])).toBe('https://a.test/i.jpg\n\nSo.')
  })

  test('pictures, which move the citations behind them', async () => {
    const cited: ChatEvent = { type: 'citation', url: 'u', title: 't', number: 1, start: 5, end: 8 }
    const events = await run(new ImageLinks(), [
      cited,
      text('𝒳.'),
      { ...image, text: '𝒴' },
      cited,
      text('z'),
      cited,
    ])
    const starts = events.flatMap((event) => (event.type === 'citation' ? [event.start] : []))
    expect(starts).toEqual([5, 8, 10])
  })

  test('sources, in a section that is known again and can be taken out', async () => {
    const source: ChatEvent = { type: 'source', url: 'https://a.test', title: 'A [1]', kind: 'web' }
    const answer = joined(await run(new SourcesSection(), [source, text('So.'), finish]), 'text-delta')
    expect(answer).toContain(String.raw`- [A \[1\]](https://a.test)`)
    expect(withoutSourcesSection(answer)).toBe('So.\n\n')
    expect(joined(await run(new SourcesSection(), [text('So.'), finish]), 'text-delta')).toBe('So.')
  })
})
