import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'

let gateway: TestGateway

const model = 'grok-imagine-video'
const ask = { model, messages: [{ role: 'user' as const, content: 'A lighthouse' }] }

beforeAll(async () => {
  gateway = await startGateway({ environment: { GROK_FEATURES_VIDEO_FORMAT: 'local_html' } })
  await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
})

afterAll(() => gateway.stop())

/** The address in a player's tag. */
function addressIn(text: string | null | undefined): string {
  return /src="([^"]+)"/.exec(text ?? '')?.[1] ?? ''
}

async function isFilm(text: string | null | undefined): Promise<boolean> {
  const response = await fetch(addressIn(text))
  return response.ok && response.headers.get('content-type') === 'video/mp4'
}

describe('a film through', () => {
  test('chat completions, with its progress as thinking', async () => {
    await gateway.emulator.setBehaviour({ videoSeconds: 1.5 })
    const stream = await gateway.openai.chat.completions.create({ ...ask, stream: true })
    let text = ''
    let thinking = ''
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { content?: string; reasoning_content?: string } | undefined
      text += delta?.content ?? ''
      thinking += delta?.reasoning_content ?? ''
    }
    expect(await isFilm(text)).toBe(true)
    expect(thinking).toMatch(/Video: \d+ %/)
    await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
  })

  test('chat completions, whole and with wishes', async () => {
    const { choices } = await gateway.openai.chat.completions.create({
      ...ask,
      video_config: { seconds: 12, size: '1280x720', preset: 'fun' },
    } as typeof ask)
    expect(await isFilm(choices[0]?.message.content)).toBe(true)
    expect((await gateway.emulator.generations()).slice(-2)).toMatchObject([
      { length: 6, ratio: '16:9' },
      { length: 6, ratio: '16:9' },
    ])
  })

  test('responses', async () => {
    const { output_text: text } = await gateway.openai.responses.create({ model, input: 'A lighthouse' })
    expect(await isFilm(text)).toBe(true)
  })

  test('messages', async () => {
    const response = await gateway.post('/v1/messages', { ...ask, max_tokens: 100 })
    const { content } = (await response.json()) as { content: { text: string }[] }
    expect(await isFilm(content[0]?.text)).toBe(true)
  })
})

test('a client that leaves ends the film', async () => {
  await gateway.emulator.setBehaviour({ videoSeconds: 30 })
  const leaving = new AbortController()
  const call = gateway.openai.chat.completions.create(ask, { signal: leaving.signal })
  await eventually(
    () => gateway.inFlight(),
    (inFlight) => inFlight === 1,
  )
  leaving.abort()
  await call.catch(() => undefined)
  await eventually(
    () => gateway.inFlight(),
    (inFlight) => inFlight === 0,
  )
  await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
})

test.each([
  [
    'a configuration for another model',
    { ...ask, model: 'grok-4.20-fast', video_config: {} },
    'video_config',
  ],
  ['too long a film', { ...ask, video_config: { seconds: 60 } }, 'video_config.seconds'],
  ['no text', { ...ask, messages: [{ role: 'user', content: ' ' }] }, 'messages'],
])('%s is refused by name', async (_, body, param) => {
  const response = await gateway.post('/v1/chat/completions', body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param } })
})
