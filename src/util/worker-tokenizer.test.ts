import { afterAll, describe, expect, test } from 'bun:test'
import { createWorkerTokenizer } from './worker-tokenizer.ts'

const tokenizer = createWorkerTokenizer()
afterAll(() => tokenizer.close())

describe('counting tokens', () => {
  test.each([
    ['', 0],
    ['hello world', 2],
    ['Hello, world!', 4],
  ])('%p has the number that o200k gives it', async (text, count) => {
    expect(await tokenizer.count(text)).toBe(count)
  })

  test('control tokens in a text are text', async () => {
    expect(await tokenizer.count('<|endoftext|>')).toBeGreaterThan(1)
    expect(await tokenizer.truncate('<|endoftext|> and more', 100)).toBe('<|endoftext|> and more')
  })

  test('counts at once do not mix', async () => {
    const texts = Array.from({ length: 20 }, (_, n) => 'word '.repeat(n))
    const alone: number[] = []
    for (const text of texts) alone.push(await tokenizer.count(text))
    expect(await Promise.all(texts.map((text) => tokenizer.count(text)))).toEqual(alone)
  })

  test('a long run of one letter, and of pairs, is counted in no time', async () => {
    expect(await tokenizer.count('a'.repeat(200_000))).toBeGreaterThan(10_000)
    expect(await tokenizer.count(`x${'🦄'.repeat(20_000)}`)).toBeGreaterThan(10_000)
  })
})

describe('cutting a text', () => {
  test('leaves a text that has no more tokens as it is', async () => {
    expect(await tokenizer.truncate('hello world', 2)).toBe('hello world')
  })

  test.each([0, -1])('to %p tokens leaves nothing', async (maxTokens) => {
    expect(await tokenizer.truncate('hello world', maxTokens)).toBe('')
  })

  test('to fewer tokens leaves the beginning', async () => {
    expect(await tokenizer.truncate('hello world, how are you', 2)).toBe('hello world')
  })

  test('gives a real beginning, also within characters of several tokens', async () => {
    const text = `\uFEFF🦄🧿𓀀 done, ${'🦄'.repeat(5000)}`
    const lengths: number[] = []
    for (let maxTokens = 1; maxTokens < 20; maxTokens++) {
      const beginning = await tokenizer.truncate(text, maxTokens)
      expect(text.startsWith(beginning)).toBe(true)
      expect(beginning.isWellFormed()).toBe(true)
      lengths.push(beginning.length)
    }
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
  })

  test('leaves nothing of one text in the next', async () => {
    await tokenizer.truncate('🦄🧿𓀀', 2)
    expect(await tokenizer.truncate('🦄', 100)).toBe('🦄')
  })

  test('a long run of one letter is cut in no time', async () => {
    const text = 'a'.repeat(200_000)
    const beginning = await tokenizer.truncate(text, 10)
    expect(beginning.length).toBeWithin(10, 1000)
  })

  test('across its inner parts a text is cut where the count ends, but for a few tokens', async () => {
    const text = 'word '.repeat(5000)
    const beginning = await tokenizer.truncate(text, 3000)
    expect(text.startsWith(beginning)).toBe(true)
    expect(beginning.length).toBeWithin(14_900, 15_001)
  })
})

describe('closing', () => {
  test('rejects what still waits instead of leaving it hanging', async () => {
    const closing = createWorkerTokenizer()
    const waiting = closing.count('hello')
    closing.close()
    await expect(waiting).rejects.toThrow('closed')
  })

  test('without any job before it does nothing', () => {
    expect(() => createWorkerTokenizer().close()).not.toThrow()
  })
})
