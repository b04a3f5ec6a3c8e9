import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../harness/eventually.ts'
import { startGateway, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { imageSize } from '../harness/image-size.ts'
import { readSse } from '../harness/sse.ts'

const GENERATE = '/v1/images/generations'
const EDIT = '/v1/images/edits'
const SOCKET = '/ws/imagine/listen'
/** Times that the upstream is asked for the pictures of one request at most. */
const MAX_ROUNDS = 3

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({
    accounts: [
      { token: 'token-basic', tier: 'basic' },
      ...Array.from({ length: 6 }, (_, index) => ({ token: `token-super-${index}`, tier: 'super' as const })),
    ],
    environment: { GROK_IMAGE_STREAM_TIMEOUT: '0.4', GROK_IMAGE_TIMEOUT: '5' },
  })
})

afterEach(async () => {
  await gateway.emulator.clearFaults()
  await gateway.emulator.clearRequests()
})

afterAll(() => gateway.stop())

interface Answer {
  readonly data: readonly { readonly url?: string; readonly b64_json?: string }[]
  readonly warnings?: readonly string[]
}

async function generate(body: object): Promise<Answer> {
  const response = await gateway.post(GENERATE, { prompt: 'a lighthouse in fog', ...body })
  expect(response.status).toBe(200)
  return readJson(response)
}

/** Rounds that the upstream was asked for over its socket. */
async function rounds(): Promise<number> {
  const recorded = await gateway.emulator.requests({ path: SOCKET, method: 'WS' })
  return recorded.filter(({ body }) => JSON.stringify(body).includes('input_text')).length
}

async function fetchBytes(url: string | undefined): Promise<Uint8Array> {
  const response = await fetch(url ?? '')
  expect(response.status).toBe(200)
  return new Uint8Array(await response.arrayBuffer())
}

const photo = async (): Promise<string> => {
  const { data } = await generate({ response_format: 'b64_json' })
  return `data:image/jpeg;base64,${data[0]?.b64_json}`
}

describe('200', () => {
  test.each([
    ['1024x1024', 1],
    ['1280x720', 16 / 9],
    ['720x1280', 9 / 16],
    ['1792x1024', 3 / 2],
    ['1024x1792', 2 / 3],
    ['1536x1024', 3 / 2],
    ['1024x1536', 2 / 3],
    ['4:3', 4 / 3],
  ])('a picture of the size %s has that shape', async (size, ratio) => {
    const { data } = await generate({ size, response_format: 'b64_json' })
    const { width, height } = imageSize(Buffer.from(data[0]?.b64_json ?? '', 'base64'))
    expect(Math.abs(width / height / ratio - 1)).toBeLessThan(0.05)
  })

  test.each([
    ['grok-imagine-image', 10],
    ['grok-imagine-image-pro', 2],
    ['grok-imagine-image-lite', 4],
  ])('%s gives as many pictures as asked for, each a different one behind its link', async (model, n) => {
    const { data } = await generate({ model, n })
    const files = await Promise.all(data.map(({ url }) => fetchBytes(url)))
    expect(new Set(files.map((bytes) => Bun.hash(bytes))).size).toBe(n)
  })

  test('the better model is asked for as such, and adult content only where the operator allows it', async () => {
    await generate({ model: 'grok-imagine-image-pro' })
    const recorded = await gateway.emulator.requests({ path: SOCKET, method: 'WS' })
    expect(JSON.stringify(recorded)).toContain('"enable_pro":true')
    expect(JSON.stringify(recorded)).toContain('"enable_nsfw":false')
  })

  test.each([
    ['JSON with an address of its own', (url: string) => ({ image: url })],
    ['the official JSON form', (url: string) => ({ images: [{ image_url: url }] })],
    ['several pictures', (url: string) => ({ image: [url, { url }] })],
  ])('an edit by %s', async (_, form) => {
    const response = await gateway.post(EDIT, { prompt: 'put @IMAGE1 at night', ...form(await photo()) })
    const { data } = await readJson<Answer>(response)
    expect((await fetchBytes(data[0]?.url)).slice(0, 2)).toEqual(new Uint8Array([0xff, 0xd8]))
  })

  test('pictures that were withheld are missing, and said to be', async () => {
    const response = await gateway.post(GENERATE, { prompt: '[[moderated:2]] a fox', n: 3 })
    expect(response.headers.get('x-grok2api-missing')).toBe('1')
    const { data, warnings } = await readJson<Answer>(response)
    expect(data.length).toBe(2)
    expect(warnings).toEqual(['2 of 3 pictures: 1 withheld by the upstream under its usage guidelines.'])
    expect(await rounds()).toBe(1)
  })

  test('a server that makes fewer than were asked for is asked again for the rest, up to a bound', async () => {
    const { data, warnings } = await generate({ prompt: '[[fewer:1]] a fox', n: 5 })
    expect(data.length).toBe(MAX_ROUNDS)
    expect(warnings).toEqual(['3 of 5 pictures: 2 not delivered by the upstream.'])
    expect(await rounds()).toBe(MAX_ROUNDS)
  }, 20_000)

  test('wishes without effect are named', async () => {
    const wishes = { quality: 'high', style: 'vivid', output_format: 'webp', user: 'u', moderation: 'auto' }
    const response = await gateway.post(GENERATE, { prompt: 'a fox', ...wishes })
    expect(response.headers.get('x-grok2api-ignored')).toBe('quality, style, output_format')
  })

  test('a handshake that is refused moves on to another account', async () => {
    await gateway.emulator.addFault({
      path: SOCKET,
      times: 1,
      action: { type: 'http', kind: 'rate-limited' },
    })
    expect((await generate({})).data.length).toBe(1)
  })

  test('a stream shows previews, then the picture', async () => {
    const body = { prompt: 'a fox', stream: true, partial_images: 1 }
    const { events } = await readSse(await gateway.post(GENERATE, body))
    expect(events.map(({ event }) => event)).toEqual([
      'image_generation.partial_image',
      'image_generation.completed',
    ])
  })
})

describe('400', () => {
  test.each([
    [GENERATE, { size: '7x7' }, 'size'],
    [GENERATE, { size: 'large' }, 'size'],
    [GENERATE, { n: 11 }, 'n'],
    [GENERATE, { n: 0 }, 'n'],
    [GENERATE, { n: 5, model: 'grok-imagine-image-lite' }, 'n'],
    [GENERATE, { n: 2, stream: true }, 'n'],
    [GENERATE, { prompt: ' ' }, 'prompt'],
    [GENERATE, { prompt: 'x'.repeat(32_001) }, 'prompt'],
    [GENERATE, { response_format: 'hex' }, 'response_format'],
    [GENERATE, { response_format: 'url', stream: true }, 'response_format'],
    [GENERATE, { partial_images: 4, stream: true }, 'partial_images'],
    [GENERATE, { partial_images: 1 }, 'partial_images'],
    [GENERATE, { background: 'transparent' }, 'background'],
    [GENERATE, { output_format: 'svg' }, 'output_format'],
    [GENERATE, { model: 'grok-4.20-fast' }, 'model'],
    [GENERATE, { model: 'grok-imagine-image-edit' }, 'model'],
    [EDIT, {}, 'image'],
    [EDIT, { image: 'data:image/png,x' }, 'image'],
    [EDIT, { image: 'data:image/png;base64,AAAA' }, 'image'],
    [EDIT, { image: 'http://127.0.0.1/x.png' }, 'image'],
    [EDIT, { images: [{ file_id: 'f' }] }, 'images.0.file_id'],
    [EDIT, { image: Array.from({ length: 8 }, () => 'https://example.com/a.png') }, 'image'],
    [EDIT, { image: 'https://example.com/a.png', mask: 'x' }, 'mask'],
    [EDIT, { image: 'https://example.com/a.png', size: '1536x1024' }, 'size'],
    [EDIT, { image: 'https://example.com/a.png', n: 3 }, 'n'],
    [EDIT, { image: 'https://example.com/a.png', model: 'grok-imagine-image' }, 'model'],
  ])('%s with %j is refused by name before anything is spent', async (path, body, param) => {
    const response = await gateway.post(path, { prompt: 'a fox', ...body })
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
    expect(response.status).toBe(400)
    expect(await gateway.emulator.requests({})).toEqual([])
  })

  test.each(['grok-imagine-image', 'grok-imagine-image-lite'])(
    '%s that withholds every picture says so, and is not asked again',
    async (model) => {
      const response = await gateway.post(GENERATE, { model, prompt: '[[moderated]] a fox', n: 2 })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { code: 'content_policy_violation' } })
      expect(await rounds()).toBe(model === 'grok-imagine-image' ? 1 : 0)
    },
  )
})

test('a model that does not exist is 404', async () => {
  expect((await gateway.post(GENERATE, { prompt: 'x', model: 'dall-e-9' })).status).toBe(404)
})

const form = { authorization: 'Bearer sk-test', 'content-type': 'multipart/form-data; boundary=x' }

test('a form that is none is 400', async () => {
  const response = await gateway.post(EDIT, {}, { headers: form, body: 'nothing of the kind' })
  expect([response.status, await response.json()]).toMatchObject([400, { error: { param: null } }])
})

test('a form that is too large is 413, also where its length is not told before', async () => {
  const piece = new Uint8Array(1024 * 1024)
  let left = 33
  const pieces = new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
  })
  for (const body of [new Uint8Array(33 * 1024 * 1024), pieces])
    expect((await gateway.post(EDIT, {}, { headers: form, body })).status).toBe(413)
})

test('a body of another type is 415', async () => {
  const init = { headers: { authorization: 'Bearer sk-test', 'content-type': 'text/plain' } }
  expect((await gateway.post(EDIT, {}, init)).status).toBe(415)
})

describe('an upstream that fails', () => {
  test.each([
    ['is silent from the start', '[[stall:0]]', 504],
    ['falls silent', '[[stall:2]]', 504],
    ['closes every round', '[[preview-only]]', 502],
    ['breaks off every round', '[[close]]', 502],
    ['says that it limits the account', '[[error-frame:rate_limit_exceeded]]', 429],
    ['says that something went wrong', '[[error-frame:internal]]', 502],
  ])('and %s ends in its own error within the bound of rounds', async (_, word, status) => {
    const response = await gateway.post(GENERATE, { prompt: `${word} a fox`, n: 2 })
    expect([response.status, await rounds()]).toEqual([status, expect.any(Number)])
    expect(await rounds()).toBeLessThanOrEqual(MAX_ROUNDS)
    expect(await rounds()).toBeGreaterThan(1)
    expect(await gateway.inFlight()).toBe(0)
  })

  test('inside a stream ends it with an error event', async () => {
    const body = { prompt: '[[moderated]] a fox', stream: true, partial_images: 0 }
    const { events } = await readSse(await gateway.post(GENERATE, body))
    expect(events.map(({ event }) => event)).toEqual(['error'])
    expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({ type: 'error', error: { param: null } })
  })
})

test.each([
  ['pictures', GENERATE, () => ({ prompt: '[[stall:3]] a fox', n: 2 })],
  ['a stream', GENERATE, () => ({ prompt: '[[stall:3]] a fox', stream: true })],
  [
    'single pictures',
    GENERATE,
    () => ({ prompt: '[[stall:3]] a fox', model: 'grok-imagine-image-lite', n: 3 }),
  ],
  ['an edit', EDIT, async () => ({ prompt: '[[stall:3]] night', image: await photo() })],
])('a client that leaves %s frees every account, and nothing goes on for it', async (_, path, body) => {
  const sent = await body()
  await gateway.emulator.clearRequests()
  const leaving = new AbortController()
  const call = gateway.post(path, sent, { signal: leaving.signal, body: JSON.stringify(sent) })
  call.catch(() => undefined)
  await eventually(
    () => gateway.inFlight(),
    (count) => count > 0,
  )
  leaving.abort()
  await eventually(
    () => gateway.inFlight(),
    (count) => count === 0,
  )
  const asked = (await gateway.emulator.requests({})).length
  const open = async () => (await gateway.emulator.requests({})).filter(({ outcome }) => outcome === null)
  await eventually(open, (left) => left.length === 0)
  expect((await gateway.emulator.requests({})).length).toBe(asked)
})
