import { expect, test } from 'bun:test'
import { finalPicture, previewPng } from './picture.ts'

const facts = { width: 720, height: 1280, prompt: 'a red kite', slot: 0, label: 'IMAGE', id: 'abcdef01' }

test('a final is a JPEG of the asked size, a preview a PNG of the same shape', () => {
  const jpeg = Buffer.from(finalPicture(facts))
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  expect([jpeg.readUInt16BE(frame + 5), jpeg.readUInt16BE(frame + 7)]).toEqual([1280, 720])
  const png = Buffer.from(previewPng(facts))
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([180, 320])
})

test('pictures differ by prompt and by slot, and the same facts give the same bytes', () => {
  const base = finalPicture(facts)
  expect(finalPicture(facts)).toEqual(base)
  expect(finalPicture({ ...facts, prompt: 'a blue kite' })).not.toEqual(base)
  expect(finalPicture({ ...facts, slot: 1 })).not.toEqual(base)
})
