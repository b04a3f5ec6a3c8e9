import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { SecretBox, SecretBoxError } from './secret-box.ts'

const box = new SecretBox(() => [Buffer.alloc(32, 1)])
const otherBox = new SecretBox(() => [Buffer.alloc(32, 2)])
const anyText = fc.string({ unit: 'grapheme', maxLength: 300 })

/** The encrypted parts of a sealed text: its wrapped key, and the text itself. */
const encrypted = [2, 3] as const

function partOf(sealed: string, part: number): Buffer {
  return Buffer.from(sealed.split('.')[part] ?? '', 'base64url')
}

function withPart(sealed: string, part: number, bytes: Buffer): string {
  return sealed
    .split('.')
    .map((text, index) => (index === part ? bytes.toString('base64url') : text))
    .join('.')
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
    const sealed = box.seal('a long secret text', 'row 1')
    for (const part of encrypted) expect(partOf(sealed, part).includes('secret')).toBe(false)
  })

  test('takes only keys of 32 bytes', () => {
    expect(() => new SecretBox(() => [Buffer.alloc(16)])).toThrow(SecretBoxError)
  })
})

describe('a sealed text is refused', () => {
  test('in another context, so that it cannot be moved to another row', () => {
    expect(() => box.open(box.seal('token', 'row 1'), 'row 2')).toThrow(SecretBoxError)
  })

  test('with another key, by a message that names both keys and not their content', () => {
    const sealed = otherBox.seal('token', 'row 1')
    expect(() => box.open(sealed, 'row 1')).toThrow(
      `sealed with key ${otherBox.keyId}, the keys at hand are ${box.keyId}`,
    )
  })

  test.each(encrypted)('with any one bit of part %i changed', (part) => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(7), (text, at, bit) => {
        const sealed = box.seal(text, 'row')
        const bytes = partOf(sealed, part)
        const place = at % bytes.length
        bytes.writeUInt8((bytes[place] ?? 0) ^ (1 << bit), place)
        expect(() => box.open(withPart(sealed, part, bytes), 'row')).toThrow(SecretBoxError)
      }),
    )
  })

  test.each(encrypted)('with part %i cut off at any place', (part) => {
    const sealed = box.seal('', 'row')
    const bytes = partOf(sealed, part)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => box.open(withPart(sealed, part, bytes.subarray(0, length)), 'row')).toThrow(SecretBoxError)
    }
  })

  test.each(['', 'token', 'v2', 'v2.x', 'v2.x.y', 'v1.x.y.z', 'v2...'])(
    'when it is no sealed text: %p',
    (text) => {
      expect(() => box.open(text, 'row')).toThrow(SecretBoxError)
    },
  )

  test('with something behind it', () => {
    expect(() => box.open(`${box.seal('token', 'row')}.more`, 'row')).toThrow(SecretBoxError)
  })
})

describe('a change of the master key', () => {
  const oldKey = Buffer.alloc(32, 1)
  const newKey = Buffer.alloc(32, 9)

  test('leaves old texts readable, seals new ones with the new key, and wraps old ones anew', () => {
    const sealed = box.seal('token', 'row')
    const changed = new SecretBox(() => [newKey, oldKey])
    expect(changed.open(sealed, 'row')).toBe('token')
    const rewrapped = changed.rewrap(sealed, 'row')
    const alone = new SecretBox(() => [newKey])
    expect(alone.open(rewrapped, 'row')).toBe('token')
    expect(() => alone.open(sealed, 'row')).toThrow(SecretBoxError)
    expect(changed.rewrap(rewrapped, 'row')).toBe(rewrapped)
  })

  test('cannot be done for another row', () => {
    const changed = new SecretBox(() => [newKey, oldKey])
    expect(() => changed.rewrap(box.seal('token', 'row 1'), 'row 2')).toThrow(SecretBoxError)
  })

  test('is noticed by a process that meets a text of the new key', async () => {
    let keys = [oldKey]
    const running = new SecretBox(() => keys)
    const sealed = new SecretBox(() => [newKey]).seal('token', 'row')
    keys = [newKey, oldKey]
    running.reload()
    expect(running.open(sealed, 'row')).toBe('token')
  })
})
