import { afterAll, beforeAll, expect, test } from 'bun:test'
import { APIError, toFile, type OpenAI } from 'openai'
import { failureOf } from '../harness/failure-of.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { imageSize } from '../harness/image-size.ts'
import { onBothProtocols } from '../harness/protocols.ts'

/** What the official client throws. */
const failure = (call: PromiseLike<unknown>) => failureOf(APIError, call)

onBothProtocols('pictures through the openai client', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start({ environment: { GROK_MODELS_ALIASES: 'gpt-image-1=grok-imagine-image' } })
  })

  afterAll(() => gateway.stop())

  async function picture(name = 'photo.jpg') {
    const { data } = await gateway.openai.images.generate({ prompt: 'a cat', response_format: 'b64_json' })
    return toFile(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'), name)
  }

  test('gets links by default, and a usage that adds up', async () => {
    const { data, usage, created } = await gateway.openai.images.generate({
      model: 'grok-imagine-image',
      prompt: 'a cat',
      n: 2,
      size: '1536x1024',
    })
    expect(data?.length).toBe(2)
    for (const { url } of data ?? []) {
      const { width, height } = imageSize(new Uint8Array(await (await fetch(url ?? '')).arrayBuffer()))
      expect(width / height).toBeCloseTo(1.5, 1)
    }
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0))
    expect(created).toBeGreaterThan(1_700_000_000)
  })

  test('gets data under a name of the official models, as from them', async () => {
    const { data, output_format } = await gateway.openai.images.generate({
      model: 'gpt-image-1',
      prompt: 'a cat',
    })
    expect(imageSize(Buffer.from(data?.[0]?.b64_json ?? '', 'base64')).width).toBeGreaterThan(100)
    expect(output_format).toBe('jpeg')
  })

  test.each([[1], [2]])('edits from %d pictures, sent as files', async (count) => {
    const files = await Promise.all(Array.from({ length: count }, (_, index) => picture(`${index}.jpg`)))
    const { data } = await gateway.openai.images.edit({
      image: files.length === 1 ? (files[0] ?? []) : files,
      prompt: 'at night',
      n: 2,
      response_format: 'b64_json',
    })
    expect(data?.map(({ b64_json }) => imageSize(Buffer.from(b64_json ?? '', 'base64')).width > 0)).toEqual([
      true,
      true,
    ])
  })

  test('streams previews and the picture', async () => {
    const events: OpenAI.ImageGenStreamEvent[] = []
    const stream = await gateway.openai.images.generate({
      prompt: 'a cat',
      stream: true,
      partial_images: 2,
      size: '1024x1024',
    })
    for await (const event of stream) events.push(event)
    expect(events[0]).toMatchObject({ type: 'image_generation.partial_image', partial_image_index: 0 })
    const last = events.at(-1)
    expect(last).toMatchObject({ type: 'image_generation.completed', size: '1024x1024', quality: 'auto' })
    expect(imageSize(Buffer.from(last?.b64_json ?? '', 'base64')).width).toBeGreaterThan(100)
  })

  test('streams an edit', async () => {
    const types: string[] = []
    const stream = await gateway.openai.images.edit({
      image: await picture(),
      prompt: 'at night',
      stream: true,
      partial_images: 1,
    })
    for await (const { type } of stream) types.push(type)
    expect(types).toEqual(['image_edit.partial_image', 'image_edit.completed'])
  })

  test('is told of a mask, of a wrong size and of withheld pictures as of errors', async () => {
    const image = await picture()
    const { images } = gateway.openai
    expect(await failure(images.edit({ image, mask: image, prompt: 'x' }))).toMatchObject({
      status: 400,
      param: 'mask',
    })
    expect(await failure(images.generate({ prompt: 'x', size: '512x512' }))).toMatchObject({ param: 'size' })
    const withheld = await failure(images.generate({ prompt: '[[moderated]] x' }))
    expect(withheld).toMatchObject({ status: 400, code: 'content_policy_violation' })
    const stream = await images.generate({ prompt: '[[moderated]] x', stream: true })
    expect(await failure(Array.fromAsync(stream))).toMatchObject({ code: 'content_policy_violation' })
  })

  test('draws through the chat and the Responses API, too', async () => {
    const chat = await gateway.openai.chat.completions.create({
      model: 'grok-imagine-image',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a cat' }] }],
    })
    const link = /^!\[image\]\((.+)\)$/.exec(chat.choices[0]?.message.content ?? '')?.[1] ?? ''
    expect((await fetch(link)).headers.get('content-type')).toBe('image/jpeg')
    const { output } = await gateway.openai.responses.create({ model: 'grok-imagine-image', input: 'a cat' })
    const drawn = output.find(({ type }) => type === 'image_generation_call')
    expect(drawn).toMatchObject({ status: 'completed', result: expect.stringMatching(/^[\w+/]+=*$/) })
  })

  test('goes on from a picture of an earlier response with the model that edits', async () => {
    const first = await gateway.openai.responses.create({ model: 'grok-imagine-image', input: 'a cat' })
    const second = await gateway.openai.responses.create({
      model: 'grok-imagine-image-edit',
      previous_response_id: first.id,
      input: 'at night',
    })
    expect(second.output.map(({ type }) => type)).toContain('image_generation_call')
  })
})
