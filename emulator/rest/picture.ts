import { seededRandom, seedFrom } from '../state/random.ts'

const QUANTISER = 8
// Code lengths 1..16, then the symbols: categories 0..8 as 4-bit codes; the AC table knows only "end of block", as code 0.
const DC_LENGTHS = [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const DC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const DC_CODE_BITS = 4
const AC_LENGTHS = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const AC_SYMBOLS = [0]
const COMPONENTS = 3

/**
 * A small valid JPEG: a mosaic of one-coloured 8×8 blocks that depends only on the seed text.
 * It is written here because a whole encoder is not needed where every block has one colour.
 */
export function encodePicture(seedText: string, blocksPerSide: number): Uint8Array<ArrayBuffer> {
  const pixels = blocksPerSide * 8
  return new Uint8Array([
    0xff,
    0xd8,
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => QUANTISER)]),
    ...segment(0xc0, [8, ...sixteen(pixels), ...sixteen(pixels), COMPONENTS, ...componentTable([0x11, 0])]),
    ...segment(0xc4, [0x00, ...DC_LENGTHS, ...DC_SYMBOLS]),
    ...segment(0xc4, [0x10, ...AC_LENGTHS, ...AC_SYMBOLS]),
    ...segment(0xda, [COMPONENTS, ...componentTable([0]), 0, 63, 0]),
    ...encodeBlocks(blockColours(seedText, blocksPerSide)),
    0xff,
    0xd9,
  ])
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

/** Y, Cb and Cr of each block, as levels around 0. */
function blockColours(seedText: string, side: number): readonly (readonly number[])[] {
  const random = seededRandom(seedFrom(seedText))
  const [tilt = 0, blue = 0, red = 0] = Array.from({ length: 3 }, () => random() * 2 - 1)
  return Array.from({ length: side * side }, (_, index) => {
    const x = (index % side) / side - 0.5
    const y = Math.floor(index / side) / side - 0.5
    const light = 110 * (y + tilt * x) + 30 * random()
    return [light, 90 * blue * (1 - y), 90 * red * (1 + x)].map((level) => Math.round(level))
  })
}

function encodeBlocks(blocks: readonly (readonly number[])[]): readonly number[] {
  const bits: string[] = []
  const previous = [0, 0, 0]
  for (const block of blocks) {
    for (const [component, level] of block.entries()) {
      const difference = Math.max(-255, Math.min(255, level - (previous[component] ?? 0)))
      previous[component] = (previous[component] ?? 0) + difference
      bits.push(dcBits(difference), '0')
    }
  }
  const text = bits.join('')
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '1')
  const bytes = padded.match(/.{8}/g) ?? []
  // A 0xff inside the data is followed by 0, so that it is not taken for a marker.
  return bytes.map((byte) => Number.parseInt(byte, 2)).flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte]))
}

// With quantiser 8 the DC coefficient of a block equals its level.
function dcBits(difference: number): string {
  const category = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1
  const code = category.toString(2).padStart(DC_CODE_BITS, '0')
  if (category === 0) return code
  const value = difference > 0 ? difference : difference + 2 ** category - 1
  return code + value.toString(2).padStart(category, '0')
}
