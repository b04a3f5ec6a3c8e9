import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MediaFiles, MediaNameError } from './media-files.ts'

let dataDir: string
let images: string
let files: MediaFiles

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grok2api-media-'))
  images = join(dataDir, 'files/images')
  files = new MediaFiles(dataDir)
  await mkdir(images, { recursive: true })
})
afterEach(() => rm(dataDir, { recursive: true }))

async function put(name: string, size: number, at: number): Promise<void> {
  await writeFile(join(images, name), 'x'.repeat(size))
  await utimes(join(images, name), at, at)
}

test('lists files newest first, and nothing else that lies there', async () => {
  await put('old.jpg', 3, 1000)
  await put('new.png', 5, 2000)
  await put('.part', 5, 3000)
  await mkdir(join(images, 'folder'))
  await symlink('/etc/hostname', join(images, 'link.png'))
  expect(await files.list('image')).toEqual([
    { name: 'new.png', sizeBytes: 5, modifiedAt: 2_000_000 },
    { name: 'old.jpg', sizeBytes: 3, modifiedAt: 1_000_000 },
  ])
  expect(await files.list('video')).toEqual([])
})

test('deletes one, and says what was not there', async () => {
  await put('a.jpg', 1, 1)
  expect(await files.remove('image', 'a.jpg')).toBe(true)
  expect(await files.remove('image', 'a.jpg')).toBe(false)
  expect(await files.remove('video', 'a.jpg')).toBe(false)
  expect(await readdir(images)).toEqual([])
})

test.each([
  '../images/a.jpg',
  '/etc/hostname',
  '',
  '.',
  '..',
  '.part',
  'a/b.jpg',
  'a\0.jpg',
  'x'.repeat(300),
])('refuses %j as a name', async (name) => {
  await expect(files.remove('image', name)).rejects.toThrow(MediaNameError)
})
