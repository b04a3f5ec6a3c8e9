import { describe, expect, test } from 'bun:test'
import type { Log } from '../util/log.ts'
import { DriftBook } from './drift.ts'
import { redactSample } from './redact-sample.ts'

function startBook() {
  const time = { now: 1_790_000_000_000 }
  const warnings: Record<string, unknown>[] = []
  const ignore = (): void => undefined
  const log: Log = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (_, fields) => warnings.push({ ...fields }),
  }
  return { time, warnings, book: new DriftBook({ clock: () => time.now, log }) }
}

describe('what is not known', () => {
  test('is counted by its kind, the most frequent first', () => {
    const { book } = startBook()
    book.note('field a', {})
    for (let times = 0; times < 3; times++) book.note('field b', {})
    expect(book.counts().map(({ kind, count }) => [kind, count])).toEqual([
      ['field b', 3],
      ['field a', 1],
    ])
  })

  test('is told once per kind and hour', () => {
    const { book, time, warnings } = startBook()
    for (let times = 0; times < 100; times++) book.note('field a', {})
    book.note('field b', {})
    expect(warnings.map(({ kind }) => kind)).toEqual(['field a', 'field b'])
    time.now += 3_600_000
    book.note('field a', {})
    expect(warnings.at(-1)).toMatchObject({ kind: 'field a', count: 101, reason: 'protocol-drift' })
  })

  test('never fills the memory, and kinds that hold ids are one', () => {
    const { book } = startBook()
    for (let index = 0; index < 1_000; index++) book.note(`field ${'x'.repeat(index % 200)}`, {})
    expect(book.counts().length).toBeLessThanOrEqual(65)
    const { book: other } = startBook()
    for (let index = 0; index < 50; index++) other.note(`field ${1_000_000 + index}`, {})
    expect(other.counts().map(({ kind }) => kind)).toEqual(['field #'])
  })
})

describe('a sample', () => {
  test('shows names and types, and nothing that was said', () => {
    const sample = redactSample({
      result: {
        response: { shiny: { token: 'secret-token', message: 'private words', n: 12 }, messageTag: 'shout' },
      },
      'a@b.example': 1,
      '6b2f-1234-99': true,
      list: ['one', 'two', 'three'],
    })
    expect(JSON.parse(sample)).toEqual({
      result: {
        response: {
          shiny: { token: '<text of 12>', message: '<text of 13>', n: '<number>' },
          messageTag: 'shout',
        },
      },
      '<id>': true,
      list: ['<text of 3>', '<text of 3>', '<1 more>'],
    })
  })

  test('stays short whatever was sent', () => {
    const deep = { a: { b: { c: { d: { e: { f: 'g' } } } } } }
    expect(redactSample(deep)).toContain('<more>')
    const wide = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`field-${'x'.repeat(index % 30)}${index}`, []]),
    )
    expect(redactSample(wide).length).toBeLessThan(1_100)
    expect(redactSample(undefined)).toBe('nothing')
  })
})
