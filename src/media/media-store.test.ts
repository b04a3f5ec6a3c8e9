import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, open, readdir, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../core/error.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { FileRefusal } from './file-refusal.ts'
import { KeptIndex } from './kept-index.ts'
import { MediaFiles } from './media-files.ts'
import { MediaStore, type MediaLimits, type MediaStoreParts } from './media-store.ts'
import { mp4, PNG, silentLog } from './media-for-tests.ts'
import { WRITER_LIMIT_BYTES } from './media-writer-for-tests.ts'

const NONE: MediaLimits = { image: 0, video: 0 }

let dataDir: string
let images: string
let now = 1_000_000
const opened: KeptIndex[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grok2api-store-'))
  images = join(dataDir, 'files/images')
})
afterEach(async () => {
  for (const index of opened.splice(0)) index.close()
  await rm(dataDir, { recursive: true })
})

function openStore(more: Partial<MediaStoreParts> = {}): MediaStore {
  const index = new KeptIndex(dataDir, silentLog)
  opened.push(index)
  const parts = { files: new MediaFiles(dataDir), index, limits: () => NONE, idKey: Buffer.alloc(32, 1) }
  return new MediaStore({ ...parts, clock: () => now++, log: silentLog, ...more })
}

const idOf = (n: number): string => n.toString(16).padStart(32, '0')
/** A picture of about so many bytes. */
const picture = (size: number): Buffer<ArrayBuffer> =>
  Buffer.concat([PNG.subarray(0, -12), Buffer.alloc(size), PNG.subarray(-12)])
const put = (store: MediaStore, n: number, size = 0) => store.keep('image', idOf(n), () => [picture(size)])
const idsOnDisk = async () =>
  (await readdir(images)).map((name) => Number.parseInt(name, 16)).toSorted((a, b) => a - b)

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('keeping', () => {
  test('gives a file its ending by its bytes, however they come', async () => {
    const store = openStore()
    for (const size of [1, 7, 5_000]) {
      const kept = await store.keep('image', idOf(size), () => inPieces(picture(10_000), size))
      expect(kept).toMatchObject({ mediaType: 'image/png', sizeBytes: picture(10_000).length })
      const found = await store.find('image', idOf(size))
      expect(found?.name).toBe(`${idOf(size)}.png`)
      expect(await Bun.file(found?.path ?? '').bytes()).toEqual(picture(10_000))
    }
    expect(await store.keep('video', idOf(1), () => [mp4()])).toMatchObject({ mediaType: 'video/mp4' })
  })

  test.each([
    ['a page', 'image', Buffer.from(' <!doctype html><title>Just a moment...</title>'), 'HTML'],
    ['a page', 'video', Buffer.from('<html></html>'), 'HTML'],
    ['JSON', 'video', Buffer.from('{"error":"gone"}'), 'JSON'],
    ['a drawing with scripts', 'image', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'XML'],
    ['nothing', 'image', Buffer.alloc(0), 'empty'],
    ['a picture', 'video', PNG, 'image/png'],
    ['a film', 'image', mp4(), 'video/mp4'],
    ['half a picture', 'image', PNG.subarray(0, -13), 'breaks off'],
    ['half a film', 'video', mp4().subarray(0, -1), 'breaks off'],
    ['a film without its description', 'video', mp4('free'), 'breaks off'],
  ] as const)('refuses %s as %s, and leaves nothing behind', async (_title, type, bytes, words) => {
    const store = openStore()
    const kept = store.keep(type, idOf(1), () => [bytes])
    await expect(kept).rejects.toThrow(FileRefusal)
    await expect(kept).rejects.toThrow(words)
    expect(await readdir(new MediaFiles(dataDir).folder(type))).toEqual([])
  })

  test('writes the same file once, for all who ask at once and later', async () => {
    const store = openStore()
    let opens = 0
    const keep = () =>
      store.keep('image', idOf(1), () => {
        opens++
        return [PNG]
      })
    const [first, second] = await Promise.all([keep(), keep()])
    expect([second, opens]).toEqual([first, 1])
    expect(await keep()).toMatchObject({ id: idOf(1), sizeBytes: PNG.length })
    expect(opens).toBe(1)
  })

  test('shows nothing of a file before it is whole', async () => {
    const store = openStore()
    const { promise: gate, resolve } = Promise.withResolvers<void>()
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield picture(10_000).subarray(0, 9_000)
      await gate
      yield picture(10_000).subarray(9_000)
    }
    const keeping = store.keep('image', idOf(1), slowly)
    await eventually(
      () => readdir(images).catch(() => []),
      (names) => names.length === 1,
    )
    expect(await store.find('image', idOf(1))).toBeUndefined()
    expect(await store.page('image', 0, 10)).toEqual({ total: 0, files: [] })
    resolve()
    await keeping
    expect(await idsOnDisk()).toEqual([1])
  })

  test('refuses a film that came before from another address: a placeholder', async () => {
    const store = openStore()
    const film = mp4()
    await store.keep('video', idOf(1), () => [film])
    const again = store.keep('video', idOf(2), () => [film])
    await expect(again).rejects.toThrow(`the same as the earlier ${idOf(1)}.mp4: a placeholder`)
    expect(await store.find('video', idOf(2))).toBeUndefined()
    await unlink(join(dataDir, 'files/videos', `${idOf(1)}.mp4`))
    expect(await store.keep('video', idOf(1), () => [film])).toMatchObject({ mediaType: 'video/mp4' })
  })

  test('closes the source of what it refuses', async () => {
    let isClosed = false
    async function* page(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(5_000, '<')
      } finally {
        isClosed = true
      }
    }
    await openStore()
      .keep('image', idOf(1), page)
      .catch(() => {})
    expect(isClosed).toBe(true)
  })

  test('makes ids that only the holder of the key can tell', () => {
    const url = 'https://assets.grok.com/users/u/generated/i/image.jpg'
    const id = openStore().idOf(url)
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(openStore().idOf(url)).toBe(id)
    expect(openStore({ idKey: Buffer.alloc(32, 2) }).idOf(url)).not.toBe(id)
  })
})

describe('the disk', () => {
  const refusal = async (store: MediaStore): Promise<GatewayError> => {
    const thrown: unknown = await put(store, 1).catch((error: unknown) => error)
    if (!(thrown instanceof GatewayError)) throw new Error('it was kept')
    return thrown
  }

  test('that is full is said plainly', async () => {
    const openFull = () => open('/dev/full', 'r+')
    const { code, message } = await refusal(openStore({ openFile: openFull }))
    expect([code, message]).toEqual(['unavailable', 'The gateway cannot keep the file: its disk is full.'])
    expect(await readdir(images)).toEqual([])
  })

  test('that cannot be written is said plainly', async () => {
    await writeFile(join(dataDir, 'files'), 'in the way')
    const { code, message } = await refusal(openStore())
    expect([code, message]).toEqual([
      'unavailable',
      'The gateway cannot keep the file: a file stands in the place of its folder.',
    ])
    expect(await openStore().find('image', idOf(1))).toBeUndefined()
    expect(await openStore().measure('image')).toEqual({ count: 0, sizeBytes: 0 })
  })

  test('may lose files by hand, and gain some: the index follows', async () => {
    const store = openStore()
    await put(store, 1)
    await put(store, 2)
    await unlink(join(images, `${idOf(1)}.png`))
    await writeFile(join(images, '0b6f7c1e-0000-4000-8000-000000000000.jpg'), 'of the original gateway')
    expect(await store.find('image', idOf(1))).toBeUndefined()
    expect(await store.measure('image')).toMatchObject({ count: 2 })
    expect(await store.find('image', '0b6f7c1e-0000-4000-8000-000000000000')).toMatchObject({
      mediaType: 'image/jpeg',
    })
    await put(store, 1)
    expect(await store.measure('image')).toMatchObject({ count: 3 })
  })

  test('is not left by links and odd names', async () => {
    const outside = join(dataDir, 'outside.png')
    await writeFile(outside, PNG)
    await mkdir(images, { recursive: true })
    await symlink(outside, join(images, `${idOf(7)}.png`))
    const store = openStore({ limits: () => ({ image: 1, video: 1 }) })
    expect(await store.find('image', idOf(7))).toBeUndefined()
    for (const id of ['../outside', '..%2foutside', `${idOf(7)}.png`, '/etc/passwd', '']) {
      expect(await store.find('image', id)).toBeUndefined()
    }
    await put(store, 1)
    await put(store, 2)
    expect(await store.clear('image')).toBe(1)
    expect(await Bun.file(outside).bytes()).toEqual(new Uint8Array(PNG))
  })

  test('is rid of what a process left half written, but not of what one is writing', async () => {
    await mkdir(images, { recursive: true })
    now = Date.now()
    for (const name of ['.part-old', '.part-new']) await writeFile(join(images, name), 'half')
    await utimes(join(images, '.part-old'), 1000, 1000)
    await openStore().tidy('image')
    expect(await readdir(images)).toEqual(['.part-new'])
  })
})

describe('a limit', () => {
  const limits = (image: number) => ({ limits: () => ({ image, video: 0 }) })

  test('drops the oldest until 60 % is left, and never what was just written', async () => {
    const store = openStore(limits(10_000))
    for (let n = 1; n <= 9; n++) await put(store, n, 1_000)
    expect(await idsOnDisk()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    await put(store, 10, 1_000)
    expect(await idsOnDisk()).toEqual([6, 7, 8, 9, 10])
    await put(store, 11, 50_000)
    expect(await idsOnDisk()).toEqual([11])
  })

  test('that was lowered holds for what is there, from before a restart, too', async () => {
    const first = openStore()
    for (let n = 1; n <= 5; n++) await put(first, n, 1_000)
    await openStore(limits(4_000)).tidy('image')
    expect(await idsOnDisk()).toEqual([4, 5])
  })

  test('of one type leaves the other alone', async () => {
    const store = openStore(limits(3_000))
    await store.keep('video', idOf(1), () => [mp4()])
    for (let n = 1; n <= 6; n++) await put(store, n, 1_000)
    expect(await store.measure('video')).toMatchObject({ count: 1 })
  })

  test('holds where several processes write and drop at once', async () => {
    const script = join(import.meta.dir, 'media-writer-for-tests.ts')
    const writers = ['a', 'b', 'c'].map((name) =>
      Bun.spawn([process.execPath, script, dataDir, name], { stdout: 'pipe', stderr: 'pipe' }),
    )
    const errors = await Promise.all(writers.map(({ stderr }) => new Response(stderr).text()))
    const exits = await Promise.all(writers.map(({ exited }) => exited))
    expect([errors.join(''), ...exits]).toEqual(['', 0, 0, 0])
    const store = openStore(limits(WRITER_LIMIT_BYTES))
    await store.tidy('image')
    const { count, sizeBytes } = await store.measure('image')
    expect(sizeBytes).toBeLessThanOrEqual(WRITER_LIMIT_BYTES)
    expect(await readdir(images)).toHaveLength(count)
  }, 30_000)
})
