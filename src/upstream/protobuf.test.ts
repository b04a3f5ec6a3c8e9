import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { decodeFloat, ProtobufError, readFields } from './protobuf.ts'

const read = (...bytes: number[]) => readFields(Uint8Array.from(bytes))

describe('the fields of a message', () => {
  test('are read in their order, those that nobody knows too', () => {
    expect(read(0x08, 0x96, 0x01, 0x15, 1, 2, 3, 4, 0x1a, 2, 7, 8, 0x21, 1, 2, 3, 4, 5, 6, 7, 8)).toEqual([
      { number: 1, type: 'varint', value: 150n },
      { number: 2, type: 'fixed32', value: Uint8Array.of(1, 2, 3, 4) },
      { number: 3, type: 'bytes', value: Uint8Array.of(7, 8) },
      { number: 4, type: 'fixed64', value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    ])
    expect(read()).toEqual([])
  })

  test('may have the largest number there is', () => {
    expect(read(0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01)).toMatchObject([
      { value: 2n ** 64n - 1n },
    ])
  })

  test.each([
    ['a number that is cut', [0x08, 0x96]],
    ['a number that is too long', [0x08, ...Array.from({ length: 11 }, () => 0xff)]],
    ['a tag without a value', [0x08]],
    ['a field that is cut', [0x1a, 3, 1, 2]],
    ['a field longer than any message', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a short fixed number', [0x15, 1, 2, 3]],
    ['a group', [0x0b, 0x0c]],
    ['a wire type that there is none of', [0x0e]],
    ['a field without a number', [0x00, 0x01]],
  ])('are not read past %s', (_, bytes) => {
    expect(() => read(...bytes)).toThrow(ProtobufError)
  })

  test('of any bytes are found or refused, and never more than there are bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(readFields(bytes).length).toBeLessThanOrEqual(bytes.length)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

test('a float is read from the middle of a message', () => {
  const [field] = read(0x0d, 0x00, 0x00, 0x16, 0x42)
  expect(field?.type === 'fixed32' && decodeFloat(field.value)).toBe(37.5)
})
