import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { JsonObject } from '../../util/json-fields.ts'
import { play, SESSION, textOf } from './play-for-tests.ts'
import type { ServerStep } from './socket-for-tests.ts'

const FIXTURES = join(import.meta.dir, '../../../test/fixtures/gateway-chat')
const INIT = 'evt_init_3d0a1a1e-8c5e-4a55-9d3f-0b7f5e7b9c01'

/** The lines of a transcript: those of the server as steps, those of ours to compare with. */
async function transcript(name: string): Promise<{ steps: ServerStep[]; client: JsonObject[] }> {
  const lines = (await Bun.file(join(FIXTURES, `${name}.txt`)).text()).trim().split('\n')
  const steps: ServerStep[] = []
  const client: JsonObject[] = []
  for (const line of lines) {
    if (line.startsWith('S> ')) steps.push({ type: 'say', text: line.slice(3).replaceAll(INIT, 'ID') })
    else {
      const message = JSON.parse(line.slice(3))
      // the heartbeat comes by the clock, not by the order
      if (message.event.type !== 'ping') client.push(message)
      steps.push({ type: 'hear', messages: client.length })
    }
  }
  return { steps, client }
}

/** What differs from run to run is made alike. */
const comparable = (messages: readonly JsonObject[]): unknown =>
  JSON.parse(
    JSON.stringify(messages)
      .replaceAll(/evt_init_[0-9a-f-]{36}/g, 'evt_init')
      .replaceAll(/"client_message_id":"[0-9a-f-]{36}"/g, '"client_message_id":"id"'),
  )

describe('the transcripts', () => {
  test.each([
    ['t10', 'fast', '[user]\nName the largest planet.', {}],
    ['t11', 'expert', '[user]\nWhen does the Orion-9 probe launch?', {}],
    [
      't12',
      'auto',
      '[user]\nWhat is on this picture?',
      {
        fileIds: ['f3a1c0de-0000-4000-8000-00000000f001'],
        continues: { conversationId: SESSION, responseId: 'e7f0a1b2-1111-4222-8333-444455556665' },
      },
    ],
    ['t13', 'heavy', '[user]\nhi', {}],
    ['t14', 'auto', '[user]\nDraw a red kite.', {}],
    ['t15', 'heavy', '[user]\nHard question', {}],
  ] as const)('%s: our side is as it was seen', async (name, mode, prompt, more) => {
    const { steps, client } = await transcript(name)
    const { socket } = await play(steps, { call: { mode, prompt, ...more } })
    expect(comparable(socket.heard)).toEqual(comparable(client))
    expect(socket.isClosed).toBe(true)
  })

  test('T10: the text once, although it is told again at its end; the place where it goes on', async () => {
    const { events, places, served } = await play((await transcript('t10')).steps)
    expect(events).toEqual([
      { type: 'text-delta', text: 'The largest' },
      { type: 'text-delta', text: ' planet is **Jupiter**.' },
      { type: 'finish', reason: 'stop' },
    ])
    expect(places).toEqual([{ conversationId: SESSION, responseId: 'e7f0a1b2-1111-4222-8333-444455556666' }])
    expect(served).toBe(1)
  })

  test('T11: thinking, searches, sources, and citations at their code points, the adjacent repetition once', async () => {
    const { events } = await play((await transcript('t11')).steps)
    expect(events.filter(({ type }) => type === 'reasoning-delta')).toEqual([
      { type: 'reasoning-delta', text: 'Thinking about your request', kind: 'heading', agent: 'Grok' },
      { type: 'reasoning-delta', text: "Checking the operator's page.\n", kind: 'summary', agent: 'Grok' },
    ])
    expect(events.filter(({ type }) => type.startsWith('tool-'))).toEqual([
      {
        type: 'tool-start',
        id: 'tu-1',
        tool: 'web_search',
        argument: 'Orion-9 probe launch date',
        agent: 'Grok',
      },
      { type: 'tool-end', id: 'tu-1' },
      { type: 'tool-start', id: 'tu-2', tool: 'x_search', argument: 'Orion-9', agent: 'Grok' },
      { type: 'tool-end', id: 'tu-2' },
    ])
    expect(events.flatMap((event) => (event.type === 'source' ? [[event.kind, event.title]] : []))).toEqual([
      ['web', 'Orion-9 mission page'],
      ['x_post', 'Orion-9 Ops: Launch NET 3 May.'],
    ])
    const characters = Array.from(textOf(events))
    const cited = events.flatMap((event) =>
      event.type === 'citation' ? [characters.slice(event.start, event.end).join('')] : [],
    )
    // one marker on both protocols: that of T3, with its blank
    expect(cited).toEqual([
      ' [[1]](https://space.example.org/orion9)',
      ' [[2]](https://x.com/orion9ops/status/1900000000000000017)',
    ])
  })

  test('T13: a limit that is told in the stream is a rate limit, before any event', async () => {
    const { failure, events } = await play((await transcript('t13')).steps)
    expect([failure?.code, events]).toEqual(['rate_limited', []])
  })

  test('T14: one picture, told three times in three ways', async () => {
    const { events } = await play((await transcript('t14')).steps)
    const id = '11111111-aaaa-4aaa-8aaa-000000000001'
    expect(events.filter(({ type }) => type.startsWith('image'))).toEqual([
      { type: 'image-progress', id, percent: 50 },
      { type: 'image', id, url: `https://assets.test/users/6b2f/generated/${id}/image.jpg` },
    ])
  })
})
