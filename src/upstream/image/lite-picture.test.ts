import { expect, test } from 'bun:test'
import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { readLitePicture } from './lite-picture.ts'

const image = (id: string): ChatEvent => ({ type: 'image', id, url: `https://assets.test/${id}` })

async function read(batches: readonly (readonly ChatEvent[])[], failure?: GatewayError) {
  const state = { isClosed: false }
  async function* chat() {
    try {
      yield* batches
      if (failure) throw failure
    } finally {
      state.isClosed = true
    }
  }
  const events = (await Array.fromAsync(readLitePicture(chat()))).flat()
  return { events, ...state }
}

test('a chat that draws gives one picture, and is left as soon as it is there', async () => {
  const { events, isClosed } = await read([
    [{ type: 'image-progress', id: 'a', percent: 50 }],
    [image('a')],
    [image('b')],
  ])
  expect(events.map(({ type }) => type)).toEqual(['picture-progress', 'picture-done'])
  expect(isClosed).toBe(true)
})

test('the second picture stands in for a first that was withheld', async () => {
  const { events } = await read([[{ type: 'image-withheld', id: 'a' }], [image('b')]])
  expect(events).toMatchObject([{ type: 'picture-done', upstreamUrl: 'https://assets.test/b' }])
})

test('an answer of withheld pictures only is a picture withheld, whether the chat fails for it or not', async () => {
  const withheld: ChatEvent[] = [{ type: 'image-withheld', id: 'a' }]
  const failure = new GatewayError('content_policy', 'no')
  for (const cause of [failure, undefined])
    expect((await read([withheld], cause)).events).toEqual([{ type: 'picture-withheld', index: 0 }])
})

test('an answer without a picture is a failure', () => {
  expect(read([[{ type: 'text-delta', text: 'no' }]])).rejects.toMatchObject({ code: 'upstream_unavailable' })
})
