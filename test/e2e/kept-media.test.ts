import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileTypeFromBuffer } from 'file-type'
import { mp4 } from '../../src/media/media-for-tests.ts'
import { askAdmin } from '../harness/admin.ts'
import { API_KEY, type TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols } from '../harness/protocols.ts'

const ADMIN_KEY = 'admin-test'
const PROMPT = 'Draw a cat [[image]]'
const doors = ['/v1/chat/completions', '/v1/responses', '/v1/messages'] as const
type Door = (typeof doors)[number]

interface CacheAnswer {
  readonly total: number
  readonly items: readonly { readonly name: string; readonly view_url: string }[]
}

function bodyFor(door: Door): object {
  if (door === '/v1/responses') return { model: 'grok-4.20-fast', input: PROMPT }
  return { model: 'grok-4.20-fast', max_tokens: 500, messages: [{ role: 'user', content: PROMPT }] }
}

function findTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(findTexts)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'text' || key === 'content') && typeof inner === 'string' ? [inner] : findTexts(inner),
  )
}

/** What a browser gets that opens a link, and what it is. */
async function open(
  link: string,
): Promise<{ bytes: Uint8Array; mime: string | undefined; type: string | null }> {
  const answer = await fetch(link)
  expect(answer.status).toBe(200)
  const bytes = await answer.bytes()
  return { bytes, mime: (await fileTypeFromBuffer(bytes))?.mime, type: answer.headers.get('content-type') }
}

const lastParagraph = (text: string): string => text.split('\n\n').at(-1) ?? ''
const inMarkdown = (text: string): string | undefined => /^!\[image\]\((.*)\)$/.exec(lastParagraph(text))?.[1]

onBothProtocols('kept pictures', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start()
  })
  afterAll(() => gateway.stop())

  /** Puts settings in force as the admin console would. */
  async function set(path: string, body: object = {}): Promise<void> {
    const answer = await askAdmin(gateway.url, ADMIN_KEY, { path, body })
    if (answer.status !== 200) throw new Error(await answer.text())
  }

  /** The text of an answer, with the pictures in it. */
  async function draw(door: Door, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const authorization = `Bearer ${API_KEY}`
    const answer = await fetch(gateway.url + door, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(bodyFor(door)),
    })
    expect(answer.status).toBe(200)
    const body: unknown = await answer.json()
    return findTexts(body).join('\n')
  }

  /** The same, as a stream. */
  async function drawStreamed(): Promise<string> {
    const stream = await gateway.openai.chat.completions.create({
      model: 'grok-4.20-fast',
      messages: [{ role: 'user', content: PROMPT }],
      stream: true,
    })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    return text
  }

  describe.each(doors)('pictures in an answer of %s', (door) => {
    test.each([
      ['local_url', lastParagraph],
      ['local_md', inMarkdown],
    ])('%s: a link that opens without a key, at the address that the caller used', async (format, read) => {
      await set('/config', { features: { image_format: format } })
      const link = read(await draw(door)) ?? ''
      expect(link).toStartWith(`${gateway.url}/v1/files/image?id=`)
      expect(await open(link)).toMatchObject({ mime: 'image/jpeg', type: 'image/jpeg' })
    })

    test.each([
      ['local_url', lastParagraph],
      ['local_md', inMarkdown],
    ])('%s: a link below app.app_url', async (format, read) => {
      await set('/config', {
        features: { image_format: format },
        app: { app_url: 'https://public.test/grok' },
      })
      const link = read(await draw(door)) ?? ''
      await set('/config', { app: { app_url: '' } })
      expect(link).toStartWith('https://public.test/grok/v1/files/image?id=')
      const { mime } = await open(link.replace('https://public.test/grok', gateway.url))
      expect(mime).toBe('image/jpeg')
    })

    test.each([
      ['grok_url', lastParagraph],
      ['grok_md', inMarkdown],
    ])('%s: the address at the upstream; nothing is fetched', async (format, read) => {
      await set('/config', { features: { image_format: format } })
      await gateway.emulator.clearRequests()
      expect(read(await draw(door))).toMatch(/^http:\S+\/assets\/users\/\S+\/image\.jpg$/)
      const requests = await gateway.emulator.requests()
      expect(requests.filter(({ path }) => path.startsWith('/assets/'))).toEqual([])
    })

    test('base64: the picture itself', async () => {
      await set('/config', { features: { image_format: 'base64' } })
      const { bytes, mime } = await open(inMarkdown(await draw(door)) ?? '')
      expect(mime).toBe('image/jpeg')
      expect(bytes.length).toBeGreaterThan(200)
    })
  })

  describe('a picture in an answer', () => {
    test('stands in a stream as in a whole answer, and costs no tokens by its bytes', async () => {
      await set('/config', { features: { image_format: 'base64' } })
      expect(inMarkdown(await drawStreamed())).toStartWith('data:image/jpeg;base64,/9j/')
      const { usage } = await gateway.openai.chat.completions.create({
        model: 'grok-4.20-fast',
        messages: [{ role: 'user', content: PROMPT }],
      })
      expect(usage?.completion_tokens).toBeLessThan(50)
    })

    test('is not cut by the cap on tokens, nor by stop sequences in its bytes', async () => {
      await set('/config', { features: { image_format: 'base64' } })
      const { choices } = await gateway.openai.chat.completions.create({
        model: 'grok-4.20-fast',
        messages: [{ role: 'user', content: PROMPT }],
        max_tokens: 60,
        stop: ['/9j/'],
      })
      expect(choices[0]?.finish_reason).toBe('stop')
      expect((await open(inMarkdown(choices[0]?.message.content ?? '') ?? '')).mime).toBe('image/jpeg')
    })

    test('that cannot be fetched is linked to where it is, and the answer goes on', async () => {
      await set('/config', { features: { image_format: 'local_md' } })
      await gateway.emulator.addFault({ path: '/assets/*', action: { type: 'http-custom', status: 404 } })
      expect(lastParagraph(await draw('/v1/chat/completions'))).toMatch(/^http:\S+\/assets\/\S+\.jpg$/)
      await gateway.emulator.clearFaults()
    })

    test('is fetched with the account that made it, once more where that fails for a moment', async () => {
      await set('/config', { features: { image_format: 'local_url' } })
      await gateway.emulator.clearRequests()
      const action = { type: 'http-custom', status: 503 } as const
      await gateway.emulator.addFault({ path: '/assets/*', action, times: 1 })
      const link = lastParagraph(await draw('/v1/chat/completions'))
      expect(link).toContain('/v1/files/image?id=')
      const fetched = (await gateway.emulator.requests()).filter(({ path }) => path.startsWith('/assets/'))
      expect(
        fetched
          .map(({ status }) => String(status))
          .toSorted()
          .join(),
      ).toBe('200,200,503')
      expect(new Set(fetched.map(({ token }) => token)).size).toBe(1)
      await gateway.emulator.clearFaults()
    })

    test('is told an outside address by a proxy that is trusted', async () => {
      await set('/config', { features: { image_format: 'local_url' } })
      const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'grok.example' }
      expect(await draw('/v1/chat/completions', forwarded)).toContain(
        'https://grok.example/v1/files/image?id=',
      )
      await set('/config', { app: { trusted_proxies: ['192.0.2.1'] } })
      expect(await draw('/v1/chat/completions', forwarded)).toContain(`${gateway.url}/v1/files/image?id=`)
    })
  })

  describe('GET /v1/files/image', () => {
    let link = ''
    beforeAll(async () => {
      await set('/config', { features: { image_format: 'local_url' } })
      link = lastParagraph(await draw('/v1/chat/completions'))
    })

    test('serves the file as what it is, to be kept for ever, with nothing in it that runs', async () => {
      const answer = await fetch(link)
      const size = (await answer.bytes()).length
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': String(size),
        etag: expect.stringMatching(/^"[0-9a-f]{32}-\w+"$/),
        'last-modified': expect.stringContaining('GMT'),
        'accept-ranges': 'bytes',
        'cache-control': 'public, max-age=31536000, immutable',
        'content-disposition': expect.stringMatching(/^inline; filename="[0-9a-f]{32}\.jpg"$/),
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      })
      const head = await fetch(link, { method: 'HEAD' })
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
        200,
        String(size),
        '',
      ])
    })

    test('serves a film that lies there from an earlier gateway, so that a browser plays it', async () => {
      const id = '0b6f7c1e-0000-4000-8000-000000000000'
      await Bun.write(join(gateway.dataDir, 'files/videos', `${id}.mp4`), mp4())
      const answer = await fetch(`${gateway.url}/v1/files/video?id=${id}`, { headers: { range: 'bytes=0-' } })
      expect([answer.status, (await answer.bytes()).length]).toEqual([206, mp4().length])
      expect(answer.headers.get('content-type')).toBe('video/mp4')
      // the player that a browser makes for a film asks for it once more, as its own page
      expect(answer.headers.get('content-security-policy')).toContain(
        "media-src 'self'; sandbox allow-same-origin",
      )
    })

    test('answers 304 to whoever has it', async () => {
      const { headers } = await fetch(link)
      for (const name of ['etag', 'last-modified']) {
        const condition = name === 'etag' ? 'if-none-match' : 'if-modified-since'
        const answer = await fetch(link, { headers: { [condition]: headers.get(name) ?? '' } })
        expect([answer.status, await answer.text()]).toEqual([304, ''])
      }
    })

    test('serves a part, and says where the file ends', async () => {
      const whole = await (await fetch(link)).bytes()
      const part = await fetch(link, { headers: { range: 'bytes=2-5' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2-5/${whole.length}`])
      expect(await part.bytes()).toEqual(whole.slice(2, 6))
      const beyond = await fetch(link, { headers: { range: `bytes=${whole.length}-` } })
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${whole.length}`])
      const ofAnother = await fetch(link, { headers: { range: 'bytes=2-5', 'if-range': '"other"' } })
      expect([ofAnother.status, (await ofAnother.bytes()).length]).toEqual([200, whole.length])
    })

    test.each(['', 'id=', 'id=..%2f..%2fconfig.toml', 'id=00000000000000000000000000000000', 'id=x'])(
      'answers 404 to %j',
      async (query) => {
        for (const type of ['image', 'video'])
          expect((await fetch(`${gateway.url}/v1/files/${type}?${query}`)).status).toBe(404)
      },
    )
  })

  describe('what is kept', () => {
    test('is listed with links, counted, deleted and cleared in the console, by every process', async () => {
      await set('/config', { features: { image_format: 'local_url' } })
      await set('/cache/clear', { type: 'image' })
      const links = (await draw('/v1/chat/completions')).match(/http\S+/g) ?? []
      const ask = async (path: string, url = gateway.url) =>
        readJson<CacheAnswer>(await askAdmin(url, ADMIN_KEY, { path }))
      const second = await gateway.startSecond()
      expect(await ask('/cache', second.url)).toMatchObject({ local_image: { count: 2 } })
      const { total, items } = await ask('/cache/list?type=image')
      expect(total).toBe(2)
      expect(items.map(({ view_url: viewUrl }) => gateway.url + viewUrl).toSorted()).toEqual(links.toSorted())
      const body = { url: gateway.url }
      const check = await askAdmin(gateway.url, ADMIN_KEY, { path: '/config/test/public-url', body })
      expect(await check.json()).toMatchObject({
        ok: true,
        message: expect.stringContaining('serves kept files'),
      })
      await set('/cache/item/delete', { type: 'image', name: items[0]?.name })
      expect(await ask('/cache', second.url)).toMatchObject({ local_image: { count: 1 } })
      await set('/cache/clear', { type: 'image' })
      expect(await readdir(join(gateway.dataDir, 'files/images'))).toEqual([])
      for (const link of links) expect((await fetch(link)).status).toBe(404)
    })
  })
})
