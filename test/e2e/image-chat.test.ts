import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { TestGateway } from '../harness/gateway.ts'
import { imageSize } from '../harness/image-size.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols } from '../harness/protocols.ts'
import { readSse } from '../harness/sse.ts'

interface Completion {
  readonly choices: readonly {
    readonly message: { readonly content: string; readonly reasoning_content?: string }
  }[]
}

const CHAT = '/v1/chat/completions'

const ask = (content: unknown, more: object = {}) => ({
  model: 'grok-imagine-image',
  messages: [{ role: 'user', content }],
  ...more,
})

async function sizeOf(link: string) {
  const bytes = new Uint8Array(await (await fetch(link)).arrayBuffer())
  return imageSize(bytes)
}

onBothProtocols('pictures in a conversation', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })

  afterEach(() => gateway.emulator.clearRequests())

  afterAll(() => gateway.stop())

  async function draw(body: object) {
    const response = await gateway.post(CHAT, body)
    expect(response.status).toBe(200)
    const message = (await readJson<Completion>(response)).choices[0]?.message
    const links = Array.from(
      message?.content.matchAll(/!\[image\]\(([^)]+)\)/g) ?? [],
      (match) => match[1] ?? '',
    )
    return { links, content: message?.content ?? '', reasoning: message?.reasoning_content ?? '' }
  }

  describe('a model that draws, asked through chat completions', () => {
    test('answers with its pictures, and tells how they come along as its thinking', async () => {
      const { links, reasoning } = await draw(ask('a fox', { image_config: { n: 2, size: '1280x720' } }))
      expect(links.length).toBe(2)
      for (const link of links) {
        const { width, height } = await sizeOf(link)
        expect(width / height).toBeCloseTo(16 / 9, 1)
      }
      expect(reasoning).toContain('Picture 2 of 2: 50 %')
    })

    test('answers with data where data is asked for', async () => {
      const { links } = await draw(ask('a fox', { image_config: { response_format: 'b64_json' } }))
      expect(links[0]).toStartWith('data:image/jpeg;base64,')
    })

    test('says what was withheld, and that it was', async () => {
      const { links, content } = await draw(ask('[[moderated:1]] a fox', { image_config: { n: 2 } }))
      expect(links.length).toBe(1)
      expect(content).toEndWith('*1 of 2 pictures. 1 withheld by the upstream under its usage guidelines.*')
    })

    test('edits the pictures of the conversation', async () => {
      const { links } = await draw(ask('a fox', { image_config: { response_format: 'b64_json' } }))
      const content = [
        { type: 'image_url', image_url: { url: links[0] } },
        { type: 'text', text: 'make @IMAGE1 blue' },
      ]
      await gateway.emulator.clearRequests()
      const edited = await draw(ask(content, { model: 'grok-imagine-image-edit', image_config: { n: 2 } }))
      expect(edited.links.length).toBe(2)
      // an edit is asked for over HTTP in both, but the newer protocol leaves the name as it is
      const words = protocol.name === 'rest' ? /make @[0-9a-f-]{36} blue/ : /make @IMAGE1 blue/
      const [asked] = await gateway.emulator.requests({ path: '/rest/app-chat/conversations/new' })
      expect(asked?.body).toMatchObject({ message: expect.stringMatching(words) })
    })

    test.each([
      [{ image_config: { n: 11 } }, 'image_config.n'],
      [{ image_config: { size: '7x7' } }, 'image_config.size'],
      [{ image_config: { response_format: 'x' } }, 'image_config.response_format'],
      [{ n: 2 }, 'n'],
      [{ model: 'grok-imagine-image-edit' }, 'messages'],
      [{ model: 'grok-imagine-image-edit', image_config: { n: 3 } }, 'image_config.n'],
      [{ response_format: { type: 'json_object' } }, 'model'],
    ])('refuses %j by name before anything is spent', async (more, param) => {
      const response = await gateway.post(CHAT, ask('a fox', more))
      expect(await response.json()).toMatchObject({ error: { param } })
      expect(response.status).toBe(400)
      expect(await gateway.emulator.requests({})).toEqual([])
    })

    test('refuses a conversation whose every picture is withheld with 400', async () => {
      const response = await gateway.post(CHAT, ask('[[moderated]] a fox'))
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { code: 'content_policy_violation' } },
      ])
    })
  })

  describe('streams of pictures', () => {
    test('through chat completions are whole and end as every stream', async () => {
      const { events } = await readSse(await gateway.post(CHAT, ask('a fox', { stream: true })))
      expect(events.at(-1)?.data).toBe('[DONE]')
      expect(events.map(({ data }) => data).join('')).toContain('![image](http')
    })

    test('through Responses have an item per picture', async () => {
      const body = { model: 'grok-imagine-image', input: 'a fox', stream: true, image_config: { n: 2 } }
      const { events } = await readSse(await gateway.post('/v1/responses', body))
      const done = events.filter(({ event }) => event === 'response.image_generation_call.completed')
      expect(done.length).toBe(2)
    })

    test('through Messages have the picture as text', async () => {
      const body = ask('a fox', { max_tokens: 100, stream: true })
      const { events } = await readSse(await gateway.post('/v1/messages', body))
      expect(events.map(({ data }) => data).join('')).toContain('![image](http')
      expect(events.at(-1)?.event).toBe('message_stop')
    })
  })

  test('a model of words refuses image_config by name', async () => {
    const response = await gateway.post(CHAT, ask('hi', { model: 'grok-4.20-fast', image_config: { n: 1 } }))
    expect(await response.json()).toMatchObject({ error: { param: 'image_config' } })
  })
})
