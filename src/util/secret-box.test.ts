import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SecretBox, SecretBoxError } from './secret-box.ts'

const box = new SecretBox(Buffer.alloc(32, 1))
const otherBox = new SecretBox(Buffer.alloc(32, 2))
const anyText = fc.string({ unit: 'grapheme', maxLength: 300 })

function bodyOf(sealed: string): Buffer {
  return Buffer.from(sealed.split('.')[2] ?? '', 'base64url')
}

function withBody(body: Buffer): string {
  return `v1.${box.keyId}.${body.toString('base64url')}`
}

describe('a secret box', () => {
  test('gives back every text that it has sealed', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, context) => {
        expect(box.open(box.seal(text, context), context)).toBe(text)
      }),
    )
  })

  test('never seals the same text to the same result', () => {
    expect(box.seal('token', 'row 1')).not.toBe(box.seal('token', 'row 1'))
  })

  test('shows nothing of the text', () => {
    expect(bodyOf(box.seal('a long secret text', 'row 1')).includes('secret')).toBe(false)
  })

  test('takes only keys of 32 bytes', () => {
    expect(() => new SecretBox(Buffer.alloc(16))).toThrow(SecretBoxError)
  })
})

describe('a sealed text is refused', () => {
  test('in another context, so that it cannot be moved to another row', () => {
    expect(() => box.open(box.seal('token', 'row 1'), 'row 2')).toThrow(SecretBoxError)
  })

  test('with another key, by a message that names both keys and not their content', () => {
    const sealed = otherBox.seal('token', 'row 1')
    expect(() => box.open(sealed, 'row 1')).toThrow(
      `sealed with key ${otherBox.keyId}, the key at hand is ${box.keyId}`,
    )
  })

  test('with any one bit changed', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(7), (text, at, bit) => {
        const body = bodyOf(box.seal(text, 'row'))
        const place = at % body.length
        body.writeUInt8((body[place] ?? 0) ^ (1 << bit), place)
        expect(() => box.open(withBody(body), 'row')).toThrow(SecretBoxError)
      }),
    )
  })

  test('cut off at any place', () => {
    const body = bodyOf(box.seal('', 'row'))
    for (let length = 0; length < body.length; length++) {
      expect(() => box.open(withBody(body.subarray(0, length)), 'row')).toThrow(SecretBoxError)
    }
  })

  test.each(['', 'token', 'v1', 'v1.x', 'v2.x.y', 'v1..'])('when it is no sealed text: %p', (text) => {
    expect(() => box.open(text, 'row')).toThrow(SecretBoxError)
  })

  test('with something behind it', () => {
    expect(() => box.open(`${box.seal('token', 'row')}.more`, 'row')).toThrow(SecretBoxError)
  })
})
