import type { Mosaic } from './mosaic.ts'

const QUANTISER = 8
// Code lengths 1..16, then the symbols: categories 0..8 as 4-bit codes; the AC table knows only "end of block", as code 0.
const DC_LENGTHS = [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const DC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const DC_CODE_BITS = 4
const AC_LENGTHS = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const AC_SYMBOLS = [0]
const COMPONENTS = 3

/** A baseline JPEG of a mosaic. It is written here because a whole encoder is not needed where every block has one colour. */
export function encodeJpeg(mosaic: Mosaic): Uint8Array<ArrayBuffer> {
  const size = [...sixteen(mosaic.height), ...sixteen(mosaic.width)]
  const head = [
    0xff,
    0xd8,
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => QUANTISER)]),
    ...segment(0xc0, [8, ...size, COMPONENTS, ...componentTable([0x11, 0])]),
    ...segment(0xc4, [0x00, ...DC_LENGTHS, ...DC_SYMBOLS]),
    ...segment(0xc4, [0x10, ...AC_LENGTHS, ...AC_SYMBOLS]),
    ...segment(0xda, [COMPONENTS, ...componentTable([0]), 0, 63, 0]),
  ]
  const body = encodeBlocks(mosaic)
  const bytes = new Uint8Array(head.length + body.length + 2)
  bytes.set(head)
  bytes.set(body, head.length)
  bytes.set([0xff, 0xd9], head.length + body.length)
  return bytes
}

function segment(marker: number, payload: readonly number[]): readonly number[] {
  return [0xff, marker, ...sixteen(payload.length + 2), ...payload]
}

function sixteen(value: number): readonly number[] {
  return [value >> 8, value & 0xff]
}

function componentTable(fields: readonly number[]): readonly number[] {
  return [[1], fields, [2], fields, [3], fields].flat()
}

function encodeBlocks({ blocks }: Mosaic): readonly number[] {
  const bits = new BitWriter()
  const previous = [0, 0, 0]
  for (const block of blocks) {
    for (let component = 0; component < COMPONENTS; component += 1) {
      const level = block[component] ?? 0
      writeDifference(bits, level - (previous[component] ?? 0))
      previous[component] = level
    }
  }
  return bits.finish()
}

// With quantiser 8 the DC coefficient of a block equals its level; the single 0 after it ends the block.
function writeDifference(bits: BitWriter, difference: number): void {
  const category = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1
  bits.write(category, DC_CODE_BITS)
  bits.write(difference > 0 ? difference : difference + 2 ** category - 1, category)
  bits.write(0, 1)
}

/** Collects bits into bytes as a JPEG wants them. */
class BitWriter {
  readonly #bytes: number[] = []
  #pending = 0
  #pendingBits = 0

  write(value: number, bits: number): void {
    this.#pending = (this.#pending << bits) | value
    this.#pendingBits += bits
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8
      this.#byte((this.#pending >> this.#pendingBits) & 0xff)
      this.#pending &= (1 << this.#pendingBits) - 1
    }
  }

  /** The bytes; the last one is filled with ones. */
  finish(): readonly number[] {
    if (this.#pendingBits > 0) this.write((1 << (8 - this.#pendingBits)) - 1, 8 - this.#pendingBits)
    return this.#bytes
  }

  #byte(byte: number): void {
    this.#bytes.push(byte)
    // A 0xff inside the data is followed by 0, so that it is not taken for a marker.
    if (byte === 0xff) this.#bytes.push(0)
  }
}
