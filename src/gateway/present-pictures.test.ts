import { describe, expect, test } from 'bun:test'
import type { ChatEvent } from '../core/chat-event.ts'
import { GatewayError } from '../core/error.ts'
import { PNG, silentLog } from '../media/media-for-tests.ts'
import type { MediaKeeper } from './media-keeper.ts'
import { PicturePresenter, type PictureFormat } from './present-pictures.ts'

const PRIVATE = 'https://assets.grok.com/users/u/generated/i/image.jpg'
const PUBLIC = 'https://imagine-public.x.ai/imagine-public/images/i.jpg'
const LINK = 'https://g.test/i?id=kept'
const DATA = `data:image/png;base64,${PNG.toString('base64')}`

interface Setup {
  readonly format: PictureFormat
  readonly keepsPublic?: boolean
  readonly failure?: Error
  readonly signal?: AbortSignal
}

async function present(url: string, { format, keepsPublic = false, failure, signal }: Setup) {
  const asked: string[] = []
  const bring = <Result>(how: string, result: Result): Promise<Result> => {
    asked.push(how)
    return failure ? Promise.reject(failure) : Promise.resolve(result)
  }
  const keeper: MediaKeeper = {
    keep: (type) => bring('keep', { id: 'kept', type, mediaType: 'image/png', sizeBytes: 1, createdAt: 1 }),
    readPicture: () => bring('read', { bytes: PNG, mediaType: 'image/png' }),
  }
  const presenter = new PicturePresenter({
    keeper,
    settings: { format, keepsPublic },
    links: { imageUrl: (id) => `https://g.test/i?id=${id}`, videoUrl: (id) => id },
    isPublic: (one) => one === PUBLIC,
    identity: { credential: 'c', signal: signal ?? new AbortController().signal },
    requestId: 'r',
    log: silentLog,
  })
  const image: ChatEvent = { type: 'image', id: 'i', url }
  const events = await presenter.apply([
    { type: 'text-delta', text: 'a' },
    image,
    { type: 'finish', reason: 'stop' },
  ])
  expect(events.map(({ type }) => type)).toEqual(['text-delta', 'image', 'finish'])
  const [text] = events.flatMap((event) => (event.type === 'image' ? [event.text] : []))
  return { text, asked }
}

describe('a picture is written as', () => {
  test.each([
    ['grok_url', PRIVATE, []],
    ['local_url', LINK, ['keep']],
    ['grok_md', `![image](${PRIVATE})`, []],
    ['local_md', `![image](${LINK})`, ['keep']],
    ['base64', `![image](${DATA})`, ['read']],
  ] as const)('%s: %s', async (format, text, asked) => {
    expect(await present(PRIVATE, { format })).toEqual({ text, asked: [...asked] })
  })

  test.each([
    ['grok_url', LINK],
    ['grok_md', `![image](${LINK})`],
    ['local_url', LINK],
    ['base64', `![image](${DATA})`],
  ] as const)('a link here even with %s, where public pictures are kept', async (format, text) => {
    expect((await present(PUBLIC, { format, keepsPublic: true })).text).toBe(text)
    expect((await present(PRIVATE, { format: 'grok_url', keepsPublic: true })).text).toBe(PRIVATE)
    expect((await present(PUBLIC, { format: 'grok_url' })).text).toBe(PUBLIC)
  })

  test.each(['local_url', 'local_md', 'base64'] as const)(
    'its bare address, where %s could not bring it here',
    async (format) => {
      const failure = new GatewayError('unavailable', 'The disk is full.')
      expect((await present(PRIVATE, { format, failure })).text).toBe(PRIVATE)
    },
  )

  test('nothing any more, once the caller has left', async () => {
    const failure = new GatewayError('client_closed', 'The caller left.')
    const presenting = present(PRIVATE, { format: 'local_url', failure, signal: AbortSignal.abort() })
    await expect(presenting).rejects.toThrow('The caller left.')
  })
})
