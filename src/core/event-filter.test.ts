import { describe, expect, test } from 'bun:test'
import { failureOf } from '../../test/harness/failure-of.ts'
import { watchedStream } from '../util/streams/stream-for-tests.ts'
import type { ChatEvent } from './chat-event.ts'
import { filterEvents, type EventFilter } from './event-filter.ts'

type Batch = readonly ChatEvent[]

const say = (text: string): ChatEvent => ({ type: 'text-delta', text })

/** A stream of one word a batch. */
const watched = (words: readonly string[]) => watchedStream<Batch>(words.map((word) => [say(word)]))

const fail: EventFilter = {
  apply: () => {
    throw new Error('the filter failed')
  },
}
const failLater: EventFilter = { apply: () => Promise.reject(new Error('the filter failed')) }
const shout: EventFilter = {
  apply: (batch) => batch.map((event) => (event.type === 'text-delta' ? say(`${event.text}!`) : event)),
}
const shoutLater: EventFilter = { apply: async (batch) => shout.apply(batch) }

async function textsOf(stream: AsyncIterable<Batch>): Promise<string[]> {
  const texts: string[] = []
  for await (const batch of stream)
    for (const event of batch) if ('text' in event) texts.push(event.text ?? '')
  return texts
}

describe('a stream through filters', () => {
  test.each([
    ['none', [], ['a', 'b']],
    ['two', [shout, shout], ['a!!', 'b!!']],
    ['one that takes its time, between two', [shout, shoutLater, shout], ['a!!!', 'b!!!']],
  ] as const)('passes %s in order', async (_, filters, expected) => {
    const { stream, state } = watched(['a', 'b'])
    expect(await textsOf(filterEvents(stream, filters))).toEqual([...expected])
    expect(state.isClosed).toBe(true)
  })

  test('gives no batch of which nothing is left', async () => {
    const { stream } = watched(['a', 'b', 'c'])
    const onlyLast: EventFilter = { apply: (batch) => (JSON.stringify(batch).includes('"c"') ? batch : []) }
    const filtered = filterEvents(stream, [onlyLast])
    expect(await filtered.next()).toEqual({ done: false, value: [say('c')] })
  })

  test.each([
    ['at once', fail],
    ['later', failLater],
  ])('is closed, and over, when a filter fails %s', async (_, filter) => {
    const { stream, state } = watched(['a', 'b'])
    const filtered = filterEvents(stream, [filter, shout])
    expect((await failureOf(Error, filtered.next())).message).toBe('the filter failed')
    expect(state).toEqual({ isClosed: true, pulled: 1 })
    expect(await filtered.next()).toEqual({ done: true, value: undefined })
  })

  test('is closed behind the batch at which a filter is done', async () => {
    const { stream, state } = watched(['a', 'b'])
    const first: EventFilter = { apply: (batch) => batch, done: true }
    expect(await textsOf(filterEvents(stream, [first]))).toEqual(['a'])
    expect(state).toEqual({ isClosed: true, pulled: 1 })
  })

  test('is closed when its reader leaves, also before the first batch', async () => {
    const early = watched(['a'])
    await filterEvents(early.stream, [shout]).return(undefined)
    expect(await early.stream.next()).toEqual({ done: true, value: undefined })
    const late = watched(['a', 'b'])
    for await (const batch of filterEvents(late.stream, [shout])) if (batch.length > 0) break
    expect(late.state).toEqual({ isClosed: true, pulled: 1 })
  })
})
