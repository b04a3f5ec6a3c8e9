import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../core/error.ts'
import { KeptIndex } from '../media/kept-index.ts'
import { MediaFiles } from '../media/media-files.ts'
import { MediaStore } from '../media/media-store.ts'
import { PNG, silentLog } from '../media/media-for-tests.ts'
import type { Download } from '../upstream/download.ts'
import { createMediaKeeper, type MediaIdentity } from './media-keeper.ts'

const URL_OF_PICTURE = 'https://assets.grok.com/i.png'
const source = { type: 'url', url: URL_OF_PICTURE } as const

let dataDir: string
let index: KeptIndex
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grok2api-keeper-'))
  index = new KeptIndex(dataDir, silentLog)
})
afterEach(async () => {
  index.close()
  await rm(dataDir, { recursive: true })
})

/** A keeper whose downloads give these in turn, the last again and again. */
function open(...answers: readonly (Uint8Array | Error | AsyncIterable<Uint8Array>)[]) {
  let asked = 0
  const download: Download = async function* download() {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? Buffer.alloc(0)
    if (answer instanceof Error) throw answer
    if (answer instanceof Uint8Array) yield answer
    else yield* answer
  }
  const files = new MediaFiles(dataDir)
  const limits = () => ({ image: 0, video: 0 })
  const store = new MediaStore({
    files,
    index,
    limits,
    idKey: Buffer.alloc(32),
    clock: Date.now,
    log: silentLog,
  })
  const settings = () => ({ downloadIdleSeconds: 1 })
  const keeper = createMediaKeeper({ store, download, settings, retryPausesMs: [0, 0] })
  return { keeper, store, asked: () => asked }
}

const identity = (signal = new AbortController().signal): MediaIdentity => ({ credential: 'c', signal })
const failure = (
  code: 'upstream_unavailable' | 'upstream_rejected' | 'client_closed',
  upstreamStatus?: number,
) => new GatewayError(code, 'said plainly', { ...(upstreamStatus !== undefined && { upstreamStatus }) })

describe('a keeper', () => {
  test('gives the same file for the same address, fetched once', async () => {
    const { keeper, asked } = open(PNG)
    const [first, second] = await Promise.all([
      keeper.keep('image', source, identity()),
      keeper.keep('image', source, identity()),
    ])
    expect(await keeper.keep('image', source, identity())).toMatchObject({ id: first?.id })
    expect([second?.id, asked()]).toEqual([first?.id, 1])
  })

  test('keeps bytes that are here already', async () => {
    const { keeper, store, asked } = open()
    const { id } = await keeper.keep('image', { type: 'bytes', bytes: PNG }, identity())
    expect([await store.find('image', id), asked()]).toMatchObject([{ mediaType: 'image/png' }, 0])
  })

  test.each([403, 408, 425, 429, 500, 503])('tries again after a %d', async (status) => {
    const { keeper, asked } = open(failure('upstream_rejected', status), PNG)
    expect((await keeper.readPicture(source, identity())).mediaType).toBe('image/png')
    expect(asked()).toBe(2)
  })

  test('gives up after three tries, and at once where it is of no use', async () => {
    const broken = open(failure('upstream_unavailable'))
    await broken.keeper.keep('image', source, identity()).catch(() => {})
    expect(broken.asked()).toBe(3)
    const gone = open(failure('upstream_rejected', 404))
    await gone.keeper.keep('image', source, identity()).catch(() => {})
    expect(gone.asked()).toBe(1)
  })

  test('says in plain words that a page came instead, without asking again', async () => {
    const { keeper, asked } = open(Buffer.from('<!doctype html>'))
    const thrown: unknown = await keeper.keep('video', source, identity()).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(GatewayError)
    expect(thrown).toMatchObject({
      code: 'upstream_unavailable',
      cause: { message: expect.stringContaining('HTML') },
    })
    expect(asked()).toBe(1)
  })

  test('goes on for the second caller when the first has left', async () => {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield PNG.subarray(0, 10)
      await left
      throw failure('client_closed')
    }
    const { keeper, asked } = open(broken(), PNG)
    const leaving = new AbortController()
    const first = keeper.keep('image', source, identity(leaving.signal))
    const second = keeper.keep('image', source, identity())
    leaving.abort()
    leave()
    await expect(first).rejects.toThrow('said plainly')
    expect(await second).toMatchObject({ mediaType: 'image/png' })
    expect(asked()).toBe(2)
  })
})
