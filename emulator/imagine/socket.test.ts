import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../answers/frame.ts'
import { itemOf, openImagine } from '../testing/imagine-client.ts'
import { useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })
const PATH = '/ws/imagine/listen'

const stages = (frames: readonly JsonObject[]) =>
  frames.map(
    (frame) => frame['current_status'] ?? `${String(frame['type'])} ${String(frame['percentage_complete'])}`,
  )
const finals = (frames: readonly JsonObject[]) =>
  frames.filter((frame) => frame['type'] === 'image' && frame['percentage_complete'] === 100)

async function ask(text: string, properties: JsonObject, slots: number): Promise<readonly JsonObject[]> {
  const client = await openImagine(service.url)
  client.ask(text, properties)
  const frames = await client.round(slots)
  client.close()
  return frames
}

describe('a round', () => {
  test('announces every slot before any is completed; previews are PNG, finals JPEG', async () => {
    const frames = await ask('a lighthouse', { num_generations: 2, aspect_ratio: '16:9' }, 2)
    expect(stages(frames)).toEqual([
      'start_stage',
      'start_stage',
      'image 50',
      'image 50',
      'image 100',
      'completed',
      'image 100',
      'completed',
    ])
    expect(frames[0]).toMatchObject({ order: 0, width: 1280, height: 720, percentage_complete: 0 })
    const [id] = frames.map((frame) => frame['image_id'])
    expect(frames[4]).toMatchObject({ id, image_id: id, job_id: id, prompt: 'a lighthouse' })
    const preview = Buffer.from(String(frames[2]?.['blob']), 'base64')
    expect(preview.subarray(1, 4).toString()).toBe('PNG')
    const [first, second] = finals(frames)
    expect(String(first?.['url'])).toBe(`${service.url}/public/imagine-public/images/${String(id)}.jpg`)
    expect(first?.['blob']).not.toBe(second?.['blob'])
    expect(Buffer.from(String(first?.['blob']), 'base64').subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
  })

  test('its addresses need no cookie and hold the bytes of the blob', async () => {
    const frames = await ask('a kite', { num_generations: 1 }, 1)
    const final = finals(frames)[0]
    const response = await fetch(String(final?.['url']))
    expect(response.headers.get('content-type')).toBe('image/jpeg')
    expect(Buffer.from(await response.arrayBuffer()).toString('base64')).toBe(String(final?.['blob']))
  })

  test('makes 6 in speed and 4 in quality mode when the number is left out, again and again on one socket', async () => {
    const client = await openImagine(service.url)
    client.ask('one', { enable_pro: false })
    expect(finals(await client.round(6))).toHaveLength(6)
    client.ask('two', { enable_pro: true })
    expect(finals(await client.round(4))).toHaveLength(4)
    client.close()
    const generations = await service.control.generations()
    expect(generations.map(({ prompt }) => prompt)).toEqual([
      ...Array(6).fill('one'),
      ...Array(4).fill('two'),
    ])
  })

  test('addresses can lead to the asset host, for the owner only', async () => {
    await service.control.setBehaviour({ imagineUrl: 'relative' })
    const url = String(finals(await ask('a kite', { num_generations: 1 }, 1))[0]?.['url'])
    expect(url).toMatch(/^users\/.+\/image\.jpg$/)
    expect((await service.send(`/assets/${url}`)).status).toBe(200)
    expect((await service.send(`/assets/${url}`, { token: 'demo-heavy-token' })).status).toBe(403)
  })
})

describe('what it refuses', () => {
  test('handshakes: 401 unknown, 403 basic, and what a fault says', async () => {
    const status = async (token?: string) =>
      (await service.send(PATH, { token: token ?? 'demo-super-token', headers: upgrade(token) })).status
    expect(await status('nobody')).toBe(401)
    expect(await status('demo-basic-token')).toBe(403)
    await service.control.addFault({ path: PATH, times: 1, action: { type: 'http', kind: 'rate-limited' } })
    expect(openImagine(service.url)).rejects.toThrow()
    const refused = await service.control.waitForRequest({ path: PATH, status: 429 })
    expect(refused.method).toBe('GET')
  })

  test('messages with a known property of a wrong type', async () => {
    const client = await openImagine(service.url)
    client.send(
      itemOf({ type: 'input_text', requestId: 'r', text: 'x', properties: { section_count: 'none' } }),
    )
    expect(await client.next()).toMatchObject({ type: 'error', err_code: 'invalid_request' })
    client.send(itemOf({ type: 'input_text', requestId: 'r', text: 'x', properties: { unknown: 1 } }))
    expect(await client.next()).toMatchObject({ current_status: 'start_stage', request_id: 'r' })
    client.close()
  })

  test('rounds when nothing remains', async () => {
    await service.control.patchAccount('demo-super-token', { mediaQuotas: { imagePro: { total: 1 } } })
    const client = await openImagine(service.url)
    client.ask('one', { num_generations: 1 })
    await client.round(1)
    client.ask('two', { num_generations: 1 })
    expect(await client.next()).toMatchObject({ type: 'error', err_code: 'rate_limit_exceeded' })
    client.close()
  })
})

describe('words and faults', () => {
  test('a withheld slot has no final and says so', async () => {
    const frames = await ask('[[moderated:2]] x', { num_generations: 2 }, 2)
    expect(finals(frames)).toHaveLength(1)
    expect(frames.at(-1)).toMatchObject({ current_status: 'completed', moderated: true, order: 1 })
  })

  test('completed-first, fewer and no-blob change the frames', async () => {
    const early = await ask('[[completed-first]] x', { num_generations: 1 }, 1)
    expect(stages(early).at(-1)).toBe('completed')
    expect(finals(early)).toHaveLength(0)
    expect(finals(await ask('[[fewer:1]] x', { num_generations: 3 }, 1))).toHaveLength(1)
    expect(finals(await ask('[[no-blob]] x', { num_generations: 1 }, 1))[0]).not.toHaveProperty('blob')
  })

  test('preview-only and close end the socket', async () => {
    const client = await openImagine(service.url)
    client.ask('[[preview-only]] x', { num_generations: 1 })
    expect(stages(await client.until(() => false))).toEqual(['start_stage', 'image 50'])
    const other = await openImagine(service.url)
    await service.control.addFault({
      path: PATH,
      action: { type: 'media', effect: 'close', code: 1008, count: 1 },
    })
    other.ask('x', { num_generations: 1 })
    expect(await other.closed).toBe(1008)
    expect(await service.control.requests({ path: PATH, method: 'GET', outcome: 'completed' })).toHaveLength(
      2,
    )
  })

  test('an error frame comes in the middle of a round', async () => {
    const client = await openImagine(service.url)
    client.ask('[[error-frame:rate_limit_exceeded]] x', { num_generations: 1 })
    const frames = await client.until((frame) => frame['type'] === 'error')
    expect(frames.at(-1)).toMatchObject({ err_code: 'rate_limit_exceeded' })
    client.close()
  })

  test('the record holds the handshake and each message', async () => {
    await ask('x', { num_generations: 1 }, 1)
    const handshake = await service.control.waitForRequest({
      path: PATH,
      method: 'GET',
      outcome: 'client-closed',
    })
    expect(handshake.status).toBe(101)
    const messages = await service.control.requests({ path: PATH, method: 'WS' })
    expect(messages).toMatchObject([
      { body: { item: { content: [{ type: 'reset' }] } } },
      { body: { item: { content: [{ text: 'x' }] } }, framesSent: 4 },
    ])
  })
})

function upgrade(token = 'demo-super-token'): Record<string, string> {
  return {
    Cookie: `sso=${token}; sso-rw=${token}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
}
