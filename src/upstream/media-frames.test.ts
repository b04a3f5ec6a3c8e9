import { expect, test } from 'bun:test'
import { readMediaFrames } from './media-frames.ts'

const ignore = (): void => undefined

async function read(lines: readonly object[]) {
  const kinds: string[] = []
  const body = new Blob([lines.map((line) => JSON.stringify(line)).join('\n')]).stream()
  const waiting = {
    onWait: ignore,
    onRead: ignore,
    setLimit: ignore,
    noteDrift: (kind: string) => kinds.push(kind),
  }
  const frames = await Array.fromAsync(readMediaFrames(body, waiting))
  return { frames: frames.flat(), kinds }
}

test('frames that are not known are told by their kind, and passed on like the others', async () => {
  const { frames, kinds } = await read([
    { result: { conversation: { conversationId: 'c' } } },
    { result: { response: { streamingVideoGenerationResponse: { progress: 5 } } } },
    { result: { response: { shinyThing: { words: 'x' } } } },
    { result: { shinyResult: {} } },
    { shinyEnvelope: {} },
  ])
  expect(frames).toHaveLength(4)
  expect(kinds).toEqual([
    'media: field shinyThing',
    'media: result with shinyResult',
    'media: frame with shinyEnvelope',
  ])
})

test('an error in a frame is thrown as what it means', async () => {
  await expect(read([{ error: { code: 8, message: 'Too many requests' } }])).rejects.toMatchObject({
    code: 'rate_limited',
    reason: 'quota',
  })
})
