import { expect, test } from 'bun:test'
import type { PictureEvent } from '../../core/media.ts'
import { EditDecoder } from './edit-decoder.ts'

const path = (id: string) => `users/u/generated/${id}/image.jpg`
const address = (id: string) => `https://assets.test/${path(id)}`
const frame = (imageIndex: number, fields: object) => ({
  response: { streamingImageGenerationResponse: { imageIndex, moderated: false, ...fields } },
})
const listed = (...ids: readonly string[]) => ({
  response: { modelResponse: { generatedImageUrls: ids.map(path) } },
})
const done = (index: number, id: string) => ({
  type: 'picture-done',
  index,
  source: { type: 'url', url: address(id) },
  upstreamUrl: address(id),
})

function decode(frames: readonly object[], needed: number) {
  const decoder = new EditDecoder(needed, 'https://assets.test')
  const events: PictureEvent[] = []
  for (const one of frames) decoder.decode({ ...one }, events)
  const { isOver, isEmpty } = decoder
  decoder.end(events)
  return { events, isOver, isEmpty }
}

test('an edit shows its previews, and finishes at 100 % or where it says that it is final', () => {
  const { events, isOver } = decode(
    [
      frame(0, { imageUrl: path('a-part-0'), progress: 50 }),
      frame(0, { imageUrl: path('a'), progress: 100 }),
      frame(1, { url: path('b'), isFinal: true }),
    ],
    2,
  )
  expect(events).toMatchObject([
    { type: 'picture-progress', index: 0, percent: 50 },
    { type: 'picture-preview', index: 0, source: { url: address('a-part-0') } },
    done(0, 'a'),
    done(1, 'b'),
  ])
  expect(isOver).toBe(true)
})

test('the second picture, which always comes, stands in for a first that was withheld', () => {
  const frames = [
    frame(0, { imageUrl: path('a'), progress: 100, moderated: true }),
    frame(1, { imageUrl: path('b'), progress: 100 }),
  ]
  expect(decode(frames, 1).events).toMatchObject([done(0, 'b')])
})

test('the closing list adds what the stream did not tell, but nothing that was withheld', () => {
  const frames = [
    frame(0, { imageUrl: path('a'), progress: 100, moderated: true }),
    frame(1, { imageUrl: path('b-part-0'), progress: 50 }),
    listed('a', 'b'),
  ]
  const { events } = decode(frames, 2)
  expect(events.slice(2)).toMatchObject([done(1, 'b'), { type: 'picture-withheld', index: 0 }])
})

test('a picture of the closing list that is known is not a second one', () => {
  const frames = [frame(0, { imageUrl: path('a'), progress: 100 }), listed('a')]
  const { events, isOver } = decode(frames, 2)
  expect([events.length, isOver]).toEqual([1, false])
})

test('a stream that told of no picture is empty', () => {
  expect(decode([{ response: { token: 'hi' } }, { conversation: {} }], 1).isEmpty).toBe(true)
})
