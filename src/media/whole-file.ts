import type { FileHandle } from 'node:fs/promises'

/** How far from its end a picture's closing mark may stand: some makers write notes behind it. */
const TAIL_BYTES = 64 * 1024
/** Boxes at the top of a film; real ones have a handful. */
const MAX_BOXES = 10_000

const JPEG_END = Buffer.from([0xff, 0xd9])
const PNG_END = Buffer.from('IEND')
const GIF_END = Buffer.from([0x3b])

/** Whether a file has its end, as far as its container tells: what broke off on the way cannot be opened. */
export async function isWhole(file: FileHandle, sizeBytes: number, mediaType: string): Promise<boolean> {
  switch (mediaType) {
    case 'image/jpeg':
      return (await readTail(file, sizeBytes)).includes(JPEG_END)
    case 'image/png':
      return (await readTail(file, sizeBytes)).includes(PNG_END)
    case 'image/gif':
      return (await readTail(file, sizeBytes)).includes(GIF_END)
    case 'image/webp':
      return (await read(file, 4, 4)).readUInt32LE() + 8 <= sizeBytes
    case 'video/mp4':
      return hasBoxes(file, sizeBytes)
    default:
      return true // WebM may be without lengths
  }
}

/** A film's boxes fill the file, and the one that describes it (`moov`) is there. */
async function hasBoxes(file: FileHandle, sizeBytes: number): Promise<boolean> {
  let at = 0
  let isDescribed = false
  for (let boxes = 0; boxes < MAX_BOXES && at < sizeBytes; boxes++) {
    if (at + 8 > sizeBytes) return false
    const head = await read(file, at, 16)
    if (head.toString('latin1', 4, 8) === 'moov') isDescribed = true
    const length = boxLength(head, sizeBytes - at)
    if (length < 8) return false
    at += length
  }
  return isDescribed && at === sizeBytes
}

/** 0 means "to the end", and 1 that the length stands behind the name, in 64 bits. */
function boxLength(head: Buffer, leftBytes: number): number {
  const length = head.readUInt32BE()
  if (length === 0) return leftBytes
  return length === 1 ? Number(head.readBigUInt64BE(8)) : length
}

function readTail(file: FileHandle, sizeBytes: number): Promise<Buffer> {
  return read(file, Math.max(0, sizeBytes - TAIL_BYTES), Math.min(sizeBytes, TAIL_BYTES))
}

/** The bytes at a place; zeros where the file has ended. */
async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  await file.read(buffer, 0, length, at)
  return buffer
}
