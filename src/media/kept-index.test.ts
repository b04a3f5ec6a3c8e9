import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeptIndex } from './kept-index.ts'
import { silentLog } from './media-for-tests.ts'

let dataDir: string
let path: string
let warnings: string[]
const opened: KeptIndex[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grok2api-index-'))
  path = join(dataDir, 'cache/local_media_cache.db')
  warnings = []
})
afterEach(async () => {
  for (const index of opened.splice(0)) index.close()
  await rm(dataDir, { recursive: true })
})

function openIndex(): KeptIndex {
  const index = new KeptIndex(dataDir, { ...silentLog, warn: (message) => warnings.push(message) })
  opened.push(index)
  return index
}

const file = (n: number) => ({ name: `${n}.png`, sizeBytes: n * 10, createdAt: n })

describe('the index of kept media', () => {
  test('is the same for every process, and after a restart', () => {
    const first = openIndex()
    const second = openIndex()
    first.add('image', [file(1), file(2), file(3)])
    second.remove('image', ['2.png', 'unknown.png'])
    expect(openIndex().newest('image', 0, 10)).toEqual([file(3), file(1)])
    expect(first.oldest('image', 1)).toEqual([file(1)])
    expect(first.newest('image', 1, 10)).toEqual([file(1)])
    expect([first.sum('image'), first.sum('video')]).toEqual([
      { count: 2, sizeBytes: 40 },
      { count: 0, sizeBytes: 0 },
    ])
    expect(warnings).toEqual([])
  })

  test.each([
    ['is no database', Buffer.from('not a database at all, but long enough to be read as one'.repeat(100))],
    ['is cut', Buffer.from('SQLite format 3\0')],
  ])('that %s is laid aside with a warning, and a new one is begun', async (_title, bytes) => {
    await mkdir(join(dataDir, 'cache'))
    await writeFile(path, bytes)
    const index = openIndex()
    index.add('image', [file(1)])
    expect(openIndex().sum('image')).toEqual({ count: 1, sizeBytes: 10 })
    const names = await readdir(join(dataDir, 'cache'))
    expect(names.filter((name) => name.includes('.damaged-'))).toHaveLength(1)
    expect(warnings).toEqual(['the index of kept media is damaged: it is laid aside and built anew'])
  })

  test('with torn pages is laid aside, too', async () => {
    const index = openIndex()
    index.add(
      'image',
      Array.from({ length: 2_000 }, (_, n) => file(n)),
    )
    index.close()
    opened.length = 0
    const bytes = await Bun.file(path).bytes()
    await writeFile(path, bytes.fill(0xab, 4_096, 40_960))
    expect(openIndex().sum('image')).toEqual({ count: 0, sizeBytes: 0 })
    expect(warnings).toHaveLength(1)
  })

  test('is held in memory where none can be written', async () => {
    await writeFile(join(dataDir, 'cache'), 'a file in the way')
    const index = openIndex()
    index.add('image', [file(1)])
    expect(index.sum('image')).toEqual({ count: 1, sizeBytes: 10 })
    expect(warnings).toEqual(['the index of kept media cannot be opened: it is held in memory'])
  })

  test('leaves the tables of the original alone', async () => {
    await mkdir(join(dataDir, 'cache'))
    const original = new Database(path, { create: true })
    original.run('CREATE TABLE media_files (name TEXT)')
    original.run("INSERT INTO media_files VALUES ('old')")
    openIndex().add('image', [file(1)])
    expect(original.query('SELECT * FROM media_files').all()).toEqual([{ name: 'old' }])
    original.close()
  })

  test('that fails in the middle stops nobody', () => {
    const index = openIndex()
    const other = new Database(path)
    other.run('DROP TABLE kept_files')
    index.add('image', [file(1)])
    expect(index.sum('image')).toEqual({ count: 1, sizeBytes: 10 })
    other.close()
  })
})
