import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaType } from '../core/media.ts'
import { FileRefusal } from './file-refusal.ts'
import { identifyMedia, SNIFF_BYTES, type MediaKind } from './media-kind.ts'
import { isWhole } from './whole-file.ts'

/** The bytes of a file, as they come. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Names of files that are being written begin with this. */
export const PART_PREFIX = '.part-'

/** The largest file of each type that is kept. */
export const MEDIA_LIMIT_BYTES: Readonly<Record<MediaType, number>> = {
  image: 32 * 1024 * 1024,
  video: 1024 * 1024 * 1024,
}

export interface MediaToWrite {
  readonly type: MediaType
  readonly id: string
  readonly bytes: ByteStream
}

/** A file that is on disk. */
export interface WrittenMedia extends MediaKind {
  readonly name: string
  readonly sizeBytes: number
  /** SHA-256, in hexadecimal digits. */
  readonly digest: string
}

/** How files are opened for writing; tests put one in its place that fails. */
export type OpenFile = (path: string) => Promise<FileHandle>

export interface WriteOptions {
  readonly openFile?: OpenFile
  /** A last look at the whole file, by its digest: what it throws, the writing throws. */
  readonly check?: (digest: string) => void
}

const openNew: OpenFile = (path) => open(path, 'wx+', 0o600)

/**
 * Writes a file as it comes, beside its place, and moves it there once it is whole and what it should be: nobody ever
 * sees half of one. Throws a {@link FileRefusal} for what is not to be kept; what was written of it is removed.
 */
export async function writeMedia(
  folder: string,
  { type, id, bytes }: MediaToWrite,
  { openFile = openNew, check }: WriteOptions = {},
): Promise<WrittenMedia> {
  await mkdir(folder, { recursive: true })
  const part = join(folder, PART_PREFIX + crypto.randomUUID())
  try {
    const { kind, sizeBytes, digest } = await fill(part, { type, bytes }, openFile)
    check?.(digest)
    const name = `${id}.${kind.ending}`
    await rename(part, join(folder, name))
    return { ...kind, name, sizeBytes, digest }
  } catch (thrown) {
    await rm(part, { force: true }).catch(() => {}) // what went wrong first is what matters
    throw thrown
  }
}

interface Filled {
  readonly kind: MediaKind
  readonly sizeBytes: number
  readonly digest: string
}

async function fill(
  path: string,
  { type, bytes }: Omit<MediaToWrite, 'id'>,
  openFile: OpenFile,
): Promise<Filled> {
  const file = await openFile(path)
  try {
    const filled = await pour(file, type, bytes)
    await file.datasync()
    if (!(await isWhole(file, filled.sizeBytes, filled.kind.mediaType)))
      throw new FileRefusal('the file breaks off')
    return filled
  } finally {
    await file.close()
  }
}

/** The beginning is held until it tells what the file is: nothing else is ever written. */
async function pour(file: FileHandle, type: MediaType, bytes: ByteStream): Promise<Filled> {
  const hash = createHash('sha256')
  let head: Uint8Array[] | undefined = []
  let kind: MediaKind | undefined
  let sizeBytes = 0
  for await (const chunk of bytes) {
    sizeBytes += chunk.length
    hash.update(chunk)
    if (sizeBytes > MEDIA_LIMIT_BYTES[type]) throw tooLarge(MEDIA_LIMIT_BYTES[type])
    if (!head) {
      await file.writeFile(chunk)
      continue
    }
    head.push(chunk)
    if (sizeBytes < SNIFF_BYTES) continue
    kind = await startFile(file, type, head)
    head = undefined
  }
  kind ??= await startFile(file, type, head ?? [])
  return { kind, sizeBytes, digest: hash.digest('hex') }
}

async function startFile(file: FileHandle, type: MediaType, head: readonly Uint8Array[]): Promise<MediaKind> {
  const bytes = Buffer.concat(head)
  const kind = await identifyMedia(bytes, type)
  await file.writeFile(bytes)
  return kind
}

function tooLarge(limitBytes: number): FileRefusal {
  return new FileRefusal(`the file has more than ${limitBytes} bytes`, { fault: 'too-large' })
}
