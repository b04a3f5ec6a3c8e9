import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../core/error.ts'
import type { RestCaller } from '../rest-call.ts'
import { findInHistory, type AskedClip } from './find-in-history.ts'

const ASKED_AT = Date.parse('2026-11-23T12:00:00Z')
const identity = { credential: 'token-a', signal: new AbortController().signal }
const film = 'users/u/generated/v-1/generated_video.mp4'

type Turns = readonly object[]

const asking = (message: string): object => ({ sender: 'human', message })
const answering = (key: string): object => ({
  sender: 'ASSISTANT',
  fileAttachmentsMetadata: [{ name: 'generated_video.mp4', key }],
})

/** A history of conversations: when each began, seconds after the clip was asked for, and its turns. */
function upstreamWith(history: Readonly<Record<string, { readonly after: number; readonly turns: Turns }>>) {
  const paths: string[] = []
  const call: RestCaller = async ({ path }) => {
    paths.push(path)
    const [, id] = /conversations\/([^/]+)\/responses/.exec(path) ?? []
    const conversation = id === undefined ? undefined : history[id]
    if (id !== undefined && !conversation)
      throw new GatewayError('upstream_rejected', 'not there', { upstreamStatus: 404 })
    const conversations = Object.entries(history).map(([conversationId, { after }]) => ({
      conversationId,
      createTime: new Date(ASKED_AT + after * 1000).toISOString(),
    }))
    const answer = conversation ? { responses: conversation.turns } : { conversations }
    return { status: 200, headers: new Headers(), body: new TextEncoder().encode(JSON.stringify(answer)) }
  }
  const find = (asked: Partial<AskedClip> = {}) =>
    findInHistory(call, identity, {
      asked: { prompt: 'fog', askedAt: ASKED_AT, ...asked },
      assetsUrl: 'https://assets.example',
      timeoutSeconds: 5,
    })
  return { find, paths }
}

describe('a clip whose stream was lost', () => {
  test('is found in its conversation', async () => {
    const { find, paths } = upstreamWith({ c: { after: 0, turns: [asking('other'), answering(film)] } })
    expect(await find({ conversationId: 'c' })).toEqual({
      postId: 'v-1',
      startSeconds: 0,
      clip: { postId: 'v-1', url: `https://assets.example/${film}` },
    })
    expect(paths).toEqual([
      '/rest/app-chat/conversations/c/responses?conversationKind=CONVERSATION_KIND_IMAGINE',
    ])
  })

  test('is being made while there is no answer', async () => {
    const { find } = upstreamWith({ c: { after: 0, turns: [asking('fog --mode=custom')] } })
    expect(await find({ conversationId: 'c' })).toEqual({ postId: '', startSeconds: 0 })
  })

  test('is sought by its words where its conversation was not told, the nearest in time first', async () => {
    const { find } = upstreamWith({
      later: {
        after: 60,
        turns: [asking('fog --mode=custom'), answering(film.replaceAll('v-1', 'v-later'))],
      },
      other: { after: 1, turns: [asking('sun --mode=custom'), answering(film)] },
      meant: { after: 2, turns: [asking('fog --mode=custom'), answering(film)] },
    })
    expect((await find())?.clip?.postId).toBe('v-1')
  })

  test.each([
    ['in one that began before it', { early: { after: -60, turns: [asking('fog'), answering(film)] } }],
    ['in one that asks something else', { other: { after: 1, turns: [asking('sun'), answering(film)] } }],
    ['in no history', {}],
  ])('is not found %s', async (_, history) => {
    expect(await upstreamWith(history).find()).toBeUndefined()
  })

  test('is not found in a conversation that is gone', async () => {
    expect(await upstreamWith({}).find({ conversationId: 'gone' })).toBeUndefined()
  })
})
