import { describe, expect, test } from 'bun:test'
import { decodeBase64 } from './decode-base64.ts'
import { endingOf, identifyFile, type FileClaim } from './identify-file.ts'
import { compoundFile, programFile, sampleFiles } from './sample-files-for-tests.ts'

const png = sampleFiles['image/png']
const identify = (bytes: Uint8Array | string, claim: FileClaim = {}): Promise<string> =>
  identifyFile(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, claim)

describe('the type of a file', () => {
  test.each(Object.entries(sampleFiles))('%s is told by its bytes', async (mediaType, bytes) => {
    expect(await identify(bytes)).toBe(mediaType)
    expect(await identify(bytes, { mediaType: 'application/octet-stream', name: 'a.bin' })).toBe(mediaType)
    expect(endingOf(mediaType)).not.toBe('bin')
  })

  test.each([
    [{ mediaType: 'application/msword' }, 'application/msword'],
    [{ name: 'Figures.XLS' }, 'application/vnd.ms-excel'],
    [{ name: 'talk.ppt', mediaType: 'application/octet-stream' }, 'application/vnd.ms-powerpoint'],
  ])('of an old office file is what %j says', async (claim, expected) => {
    expect(await identify(compoundFile, claim)).toBe(expected)
  })

  test.each([
    ['{"a": 1}', {}, 'application/json'],
    ['[1, 2', {}, 'text/plain'],
    ['<?xml version="1.0"?><a/>', {}, 'application/xml'],
    ['<!DOCTYPE html><p>hi', {}, 'text/html'],
    ['a,b\n1,2', { mediaType: 'text/csv; charset=utf-8' }, 'text/csv'],
    ['a,b\n1,2', { name: 'data.csv' }, 'text/csv'],
    ['# Title', { name: 'README.md' }, 'text/markdown'],
    ['def f(): pass', { name: 'f.py', mediaType: 'text/x-python' }, 'text/plain'],
    ['BMW builds cars', { name: 'cars.txt' }, 'text/plain'],
    ['你好\tworld\r\n', {}, 'text/plain'],
  ])('of the text %j with %j is told', async (text, claim, expected) => {
    expect(await identify(text, claim)).toBe(expected)
  })

  test('of text in other encodings is told by their mark, or by who gives it', async () => {
    expect(await identify(Buffer.from('\uFEFFhello', 'utf16le'))).toBe('text/plain')
    const gbk = Buffer.from('c4e3bac3', 'hex')
    expect(await identify(gbk, { mediaType: 'text/plain' })).toBe('text/plain')
    await expect(identify(gbk)).rejects.toThrow('not taken')
  })
})

describe('a file is refused', () => {
  test.each([
    ['image/jpeg', png, 'the bytes are not those of image/jpeg, but of image/png'],
    ['image/png', Buffer.from('hello'), 'the bytes are not those of image/png'],
    ['image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'],
    ['application/pdf', programFile, 'not taken'],
    ['text/plain', programFile, 'not taken'],
    ['text/plain', Buffer.from('a\0b'), 'not taken'],
    [undefined, Buffer.alloc(0), 'the file is empty'],
    [undefined, compoundFile, 'not taken'],
  ])('that is said to be %s and is not taken as such', async (mediaType, bytes, message) => {
    await expect(identify(bytes, mediaType === undefined ? {} : { mediaType })).rejects.toThrow(message)
  })

  test('but a server may take one kind of picture for another', async () => {
    expect(await identify(png, { mediaType: 'image/jpeg', isHint: true })).toBe('image/png')
    await expect(identify('<html>', { mediaType: 'image/jpeg', isHint: true })).rejects.toThrow('image/jpeg')
    expect(await identify(png, { mediaType: 'image/png' })).toBe('image/png')
    expect(await identify(sampleFiles['image/jpeg'], { mediaType: 'image/jpg' })).toBe('image/jpeg')
  })
})

describe('base64', () => {
  test('is read with line breaks', () => {
    expect(Buffer.from(decodeBase64('aGVs\r\nbG8=', 100)).toString()).toBe('hello')
  })

  test.each(['aGVsbG8', 'aGVsbG9=', 'aGVs bG8*', 'aGVs-_8=', 'data:,x', '='])('%j is refused', (text) => {
    expect(() => decodeBase64(text, 100)).toThrow('this is not base64')
  })

  test('of too many bytes is refused', () => {
    expect(() => decodeBase64('aGVsbG8=', 4)).toThrow('more than 4 bytes')
    expect(() => decodeBase64('A'.repeat(1000), 4)).toThrow('more than 4 bytes')
  })
})
