import { crc32, deflateSync } from 'node:zlib'
import type { Colour, Mosaic } from './mosaic.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const RGB_8_BIT = [8, 2, 0, 0, 0]
const CHANNELS = 3

/** A PNG of a mosaic, with so many pixels per side of a block. */
export function encodePng(mosaic: Mosaic, pixelsPerBlock: number): Uint8Array<ArrayBuffer> {
  const width = mosaic.columns * pixelsPerBlock
  const height = mosaic.rows * pixelsPerBlock
  const header = Buffer.alloc(8)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const parts = [
    Buffer.from(SIGNATURE),
    chunk('IHDR', Buffer.concat([header, Buffer.from(RGB_8_BIT)])),
    chunk('IDAT', deflateSync(scanLines(mosaic, pixelsPerBlock), { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return new Uint8Array(Buffer.concat(parts))
}

/** Each line begins with its filter type, 0: none. */
function scanLines({ columns, rows, blocks }: Mosaic, pixelsPerBlock: number): Buffer {
  const lineBytes = 1 + columns * pixelsPerBlock * CHANNELS
  const lines = Buffer.alloc(lineBytes * rows * pixelsPerBlock)
  const rgb = Buffer.from(blocks.flatMap(rgbOf))
  for (let row = 0; row < rows; row += 1) {
    const first = row * pixelsPerBlock * lineBytes
    for (let pixel = 0; pixel < columns * pixelsPerBlock; pixel += 1) {
      const block = row * columns + Math.floor(pixel / pixelsPerBlock)
      rgb.copy(lines, first + 1 + pixel * CHANNELS, block * CHANNELS, (block + 1) * CHANNELS)
    }
    for (let copy = 1; copy < pixelsPerBlock; copy += 1) {
      lines.copyWithin(first + copy * lineBytes, first, first + lineBytes)
    }
  }
  return lines
}

// JFIF's conversion; the light is stored as a level around 0.
function rgbOf([light, blue, red]: Colour): readonly number[] {
  const luma = light + 128
  const rgb = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue]
  return rgb.map((value) => Math.max(0, Math.min(255, Math.round(value))))
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
