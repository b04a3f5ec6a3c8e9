import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI, { APIError, toFile } from 'openai'
import { failureOf } from '../harness/failure-of.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { onBothProtocols } from '../harness/protocols.ts'

const params = { model: 'grok-imagine-video', prompt: 'A lighthouse in fog' }

/** The length of an MP4 in seconds, from its movie header. */
function durationOf(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes)
  const at = buffer.indexOf('mvhd') + 4
  const isLong = buffer[at] === 1
  const scale = buffer.readUInt32BE(at + (isLong ? 20 : 12))
  return Number(isLong ? buffer.readBigUInt64BE(at + 24) : buffer.readUInt32BE(at + 16)) / scale
}

/** What the official client throws. */
const failure = (call: PromiseLike<unknown>) => failureOf(APIError, call)

onBothProtocols('videos', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start({
      environment: { GROK_APP_API_KEY: 'sk-test,sk-other', GROK_VIDEO_TIMEOUT: '5' },
    })
    await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
  })

  afterAll(() => gateway.stop())

  afterEach(() => gateway.emulator.clearFaults())

  async function ended(id: string) {
    return eventually(
      () => gateway.openai.videos.retrieve(id),
      ({ status }) => status === 'completed' || status === 'failed',
      20_000,
    )
  }

  describe('the official client', () => {
    test('creates, polls, downloads, lists and deletes a video', async () => {
      const created = await gateway.openai.videos.create({ ...params, seconds: '8', size: '1280x720' })
      expect(created).toMatchObject({
        object: 'video',
        seconds: '8',
        size: '1280x720',
        prompt: params.prompt,
      })
      expect(['queued', 'in_progress']).toContain(created.status)
      const video = await ended(created.id)
      expect(video).toMatchObject({
        status: 'completed',
        progress: 100,
        error: null,
        remixed_from_video_id: null,
      })
      expect(video.completed_at).toBeGreaterThanOrEqual(video.created_at)
      const content = await gateway.openai.videos.downloadContent(created.id)
      expect(content.headers.get('content-type')).toBe('video/mp4')
      expect(durationOf(await content.bytes())).toBeCloseTo(10, 0)
      const page = await gateway.openai.videos.list({ limit: 1 })
      expect(page.data[0]?.id).toBe(created.id)
      expect(await gateway.openai.videos.delete(created.id)).toEqual({
        id: created.id,
        object: 'video.deleted',
        deleted: true,
      })
      expect((await failure(gateway.openai.videos.retrieve(created.id))).status).toBe(404)
    })

    test('gets twenty seconds as two clips, stitched, each asked for once', async () => {
      const before = (await gateway.emulator.generations()).length
      const { id } = await gateway.openai.videos.create({ ...params, seconds: '20' as never })
      expect(await ended(id)).toMatchObject({ status: 'completed', error: null })
      const generations = (await gateway.emulator.generations()).slice(before)
      expect(generations.map(({ length, startTime }) => [length, startTime])).toEqual([
        [10, null],
        [10, 10.041667],
      ])
      expect(durationOf(await (await gateway.openai.videos.downloadContent(id)).bytes())).toBeCloseTo(20, 0)
    })

    test('starts from a picture, sent as a file or named by a data URI', async () => {
      const png = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      )
      const file = await toFile(png, 'start.png', { type: 'image/png' })
      const first = await gateway.openai.videos.create({ ...params, input_reference: file })
      const image_url = `data:image/png;base64,${png.toString('base64')}`
      const second = await gateway.post('/v1/videos', { ...params, input_reference: { image_url } })
      const { id } = (await second.json()) as { id: string }
      for (const one of [first.id, id]) expect((await ended(one)).status).toBe('completed')
      const generations = await gateway.emulator.generations()
      expect(generations.slice(-2).map(({ references }) => references.length)).toEqual([1, 1])
    })

    test('extends a video of its own', async () => {
      const { id } = await gateway.openai.videos.create(params)
      await ended(id)
      const extended = await gateway.openai.videos.extend({
        prompt: 'and a ship',
        seconds: '4',
        video: { id },
      })
      const video = await ended(extended.id)
      expect(video).toMatchObject({ status: 'completed', remixed_from_video_id: id })
      const bytes = await (await gateway.openai.videos.downloadContent(extended.id)).bytes()
      expect(durationOf(bytes)).toBeCloseTo(12, 0)
    })

    test('is served in the dialect of the protocol, where that has what was asked for', async () => {
      const before = (await gateway.emulator.generations()).length
      const wishes = [{}, { preset: 'fun' }, { seconds: '12' }]
      for (const wish of wishes) {
        const { id } = await gateway.openai.videos.create({ ...params, ...wish } as typeof params)
        expect(await ended(id)).toMatchObject({ status: 'completed', error: null })
      }
      const dialects = (await gateway.emulator.generations()).slice(before).map(({ dialect }) => dialect)
      const newest = protocol.name === 'gateway' ? 'v3' : 'v2'
      expect(dialects).toEqual([newest, 'v2', 'v2', 'v2'])
    })

    test('pages through its videos in both orders', async () => {
      const newest: string[] = []
      for await (const { id } of gateway.openai.videos.list({ limit: 2 })) newest.push(id)
      const oldest: string[] = []
      for await (const { id } of gateway.openai.videos.list({ limit: 2, order: 'asc' })) oldest.push(id)
      expect(newest.length).toBeGreaterThan(3)
      expect(oldest.toReversed()).toEqual(newest)
    })
  })

  describe('what goes wrong', () => {
    test('a video that is not ready has no content yet', async () => {
      await gateway.emulator.setBehaviour({ videoSeconds: 2 })
      const { id } = await gateway.openai.videos.create(params)
      const early = await failure(gateway.openai.videos.downloadContent(id))
      expect(early).toMatchObject({ status: 409, code: 'video_not_ready' })
      await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
      await ended(id)
    })

    test('another key sees nothing of it', async () => {
      const other = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-other', maxRetries: 0 })
      const { id } = await gateway.openai.videos.create(params)
      expect((await failure(other.videos.retrieve(id))).status).toBe(404)
      expect((await failure(other.videos.delete(id))).status).toBe(404)
      expect((await failure(other.videos.downloadContent(id))).status).toBe(404)
      expect((await other.videos.list()).data).toEqual([])
      await ended(id)
    })

    test('a withheld video has failed, and says why', async () => {
      const { id } = await gateway.openai.videos.create({ ...params, prompt: 'x [[moderated]]' })
      const video = await ended(id)
      expect(video).toMatchObject({ status: 'failed', error: { code: 'content_policy' } })
      expect(await failure(gateway.openai.videos.downloadContent(id))).toMatchObject({
        status: 409,
        code: 'video_failed',
      })
    })

    test.each([
      ['no prompt', { prompt: ' ' }, 'prompt'],
      ['too long a video', { prompt: 'x', seconds: 30 }, 'seconds'],
      ['an unknown size', { prompt: 'x', size: '1x1' }, 'size'],
      ['an unknown resolution', { prompt: 'x', resolution_name: '1080p' }, 'resolution_name'],
      ['another kind of model', { prompt: 'x', model: 'grok-4.20-fast' }, 'model'],
      ['a stored file', { prompt: 'x', input_reference: { file_id: 'f' } }, 'input_reference.file_id'],
    ])('%s is refused by name', async (_, body, param) => {
      const response = await gateway.post('/v1/videos', body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param } })
    })

    test('remixes and edits are refused by name', async () => {
      const { id } = await gateway.openai.videos.create(params)
      expect((await failure(gateway.openai.videos.remix(id, { prompt: 'y' }))).status).toBe(400)
      expect((await failure(gateway.openai.videos.edit({ prompt: 'y', video: { id } }))).status).toBe(400)
      await ended(id)
    })

    test('an account that refuses the first clip gives way to another', async () => {
      await gateway.emulator.addFault({
        path: '/rest/app-chat/conversations/new',
        times: 1,
        action: { type: 'http', kind: 'rate-limited' },
      })
      const before = (await gateway.emulator.generations()).length
      const { id } = await gateway.openai.videos.create(params)
      expect(await ended(id)).toMatchObject({ status: 'completed', error: null })
      expect((await gateway.emulator.generations()).length).toBe(before + 1)
    })

    test.each([
      ['breaks off', 3],
      ['says nothing at all', 0],
    ])('a stream that %s is not asked for again: its clip is found', async (_, afterFrames) => {
      await gateway.emulator.addFault({
        path: '/rest/app-chat/conversations/new',
        times: 1,
        action: { type: 'cut', afterFrames },
      })
      const before = (await gateway.emulator.generations()).length
      const { id } = await gateway.openai.videos.create(params)
      expect(await ended(id)).toMatchObject({ status: 'completed', error: null })
      expect((await gateway.emulator.generations()).length).toBe(before + 1)
    })

    test('a cancelled video ends, and frees its account', async () => {
      await gateway.emulator.setBehaviour({ videoSeconds: 30 })
      const { id } = await gateway.openai.videos.create(params)
      await eventually(
        () => gateway.inFlight(),
        (inFlight) => inFlight === 1,
      )
      await gateway.post(`/v1/videos/${id}/cancel`, {})
      const video = await ended(id)
      expect(video).toMatchObject({ status: 'failed', error: { code: 'cancelled' } })
      await eventually(
        () => gateway.inFlight(),
        (inFlight) => inFlight === 0,
      )
      await gateway.emulator.setBehaviour({ videoSeconds: 0.2 })
    })
  })

  test('its progress can be watched as events', async () => {
    const { id } = await gateway.openai.videos.create(params)
    const text = await (await gateway.get(`/v1/videos/${id}?stream=true`)).text()
    const states = text
      .split('\n\n')
      .filter((frame) => frame.startsWith('data: {'))
      .map((frame) => (JSON.parse(frame.slice('data: '.length)) as { status: string }).status)
    expect(states.at(-1)).toBe('completed')
    expect(text).toEndWith('data: [DONE]\n\n')
  })

  test('a part of the file can be asked for', async () => {
    const { id } = await gateway.openai.videos.create(params)
    await ended(id)
    const part = await fetch(`${gateway.url}/v1/videos/${id}/content`, {
      headers: { authorization: 'Bearer sk-test', range: 'bytes=4-7' },
    })
    expect(part.status).toBe(206)
    expect(await part.text()).toBe('ftyp')
  })
})
