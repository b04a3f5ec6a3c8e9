import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { JsonObjectReader, JsonObjectsError } from './json-objects.ts'

const encoder = new TextEncoder()

/** Cuts the bytes at these places, wherever they fall. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

function readAll(chunks: readonly Uint8Array[]): unknown[] {
  const reader = new JsonObjectReader()
  const found = chunks.flatMap((chunk) => reader.push(chunk))
  return [...found, ...reader.end()]
}

const read = (text: string): unknown[] => readAll([encoder.encode(text)])

const jsonObject = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
const places = fc.array(fc.nat(), { maxLength: 40 })

/** Ways in which a stream puts objects one after another. */
const separator = fc.constantFrom('\n', '', '\r\n', '\n\n', ' ', '\ndata: ', '\nevent: x\ndata: ')

describe('reading objects out of a stream', () => {
  test.each([
    ['lines', '{"a":1}\n{"b":2}\n'],
    ['no line ends', '{"a":1}{"b":2}'],
    ['prefixes', 'data: {"a":1}\n\ndata: {"b":2}\n\n'],
    ['one object over several lines', '{\n  "a": 1\n}\n{"b":\n2}'],
    ['several objects in a line', '{"a":1} {"b":2}\n'],
  ])('works with %s', (_, text) => {
    expect(read(text)).toEqual([{ a: 1 }, { b: 2 }])
  })

  test('takes braces, quotes and backslashes inside strings for what they are', () => {
    const object = { a: '}{"', b: '\\', c: { d: '\\"}' } }
    const text = JSON.stringify(object)
    expect(read(text + text)).toEqual([object, object])
  })

  test('ends at [DONE], also when it is cut, and reads nothing after it', () => {
    const reader = new JsonObjectReader()
    const found = ['{"a":1}\ndata: [DO', 'NE]\n{"b":2}\n'].flatMap((text) =>
      reader.push(encoder.encode(text)),
    )
    expect(found).toEqual([{ a: 1 }])
    expect(reader.ended).toBe(true)
  })

  test('does not take [DONE] inside a string for the end', () => {
    const reader = new JsonObjectReader()
    expect(reader.push(encoder.encode('{"a":"[DONE]"}\n{"b":2}\n'))).toHaveLength(2)
    expect(reader.ended).toBe(false)
  })

  test('skips and counts what is balanced but not JSON', () => {
    const reader = new JsonObjectReader()
    expect(reader.push(encoder.encode('{a:1}\n{"b":2}'))).toEqual([{ b: 2 }])
    expect(reader.malformed).toBe(1)
  })

  test('throws when the stream ends inside an object', () => {
    expect(() => read('{"a":1}\n{"b":')).toThrow(JsonObjectsError)
  })

  test('throws when an object is larger than the bound instead of keeping all of it', () => {
    const reader = new JsonObjectReader()
    const megabyte = encoder.encode('x'.repeat(1024 * 1024))
    reader.push(encoder.encode('{"a":"'))
    expect(() => Array.from({ length: 9 }, () => reader.push(megabyte))).toThrow(JsonObjectsError)
  })

  test('gives the same objects however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(jsonObject, separator)), places, (parts, cuts) => {
        const objects = parts.map(([object]) => JSON.parse(JSON.stringify(object)))
        const text = parts.map(([object, end]) => JSON.stringify(object) + end).join('')
        expect(readAll(cut(encoder.encode(text), cuts))).toEqual(objects)
      }),
    )
  })

  test('gives objects or an error for any bytes, never a hang', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), places, (bytes, cuts) => {
        try {
          expect(Array.isArray(readAll(cut(bytes, cuts)))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(JsonObjectsError)
        }
      }),
    )
  })

  test('gives objects or an error for near-JSON text', () => {
    const nearJson = fc.array(
      fc.constantFrom('{', '}', '"', '\\', 'a', ':', '1', ',', '\n', '[DONE]', 'é', '😀'),
    )
    fc.assert(
      fc.property(nearJson, places, (words, cuts) => {
        try {
          const bytes = encoder.encode(words.join(''))
          expect(readAll(cut(bytes, cuts))).toEqual(readAll([bytes]))
        } catch (error) {
          expect(error).toBeInstanceOf(JsonObjectsError)
        }
      }),
    )
  })
})
