import { seededRandom, seedFrom } from '../state/random.ts'
import { GLYPH_COLUMNS, GLYPH_ROWS, isInked } from './glyphs.ts'

/** Side of a block in pixels: the unit of a JPEG, so that a picture of one-coloured blocks needs no real encoder. */
export const BLOCK_PIXELS = 8

/** Y, Cb and Cr of a block, as levels from -128 to 127. */
export type Colour = readonly [light: number, blue: number, red: number]

/** A picture made of one-coloured blocks, row by row. */
export interface Mosaic {
  readonly width: number
  readonly height: number
  readonly columns: number
  readonly rows: number
  readonly blocks: readonly Colour[]
}

/** What a picture shows. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** Decides the colours. */
  readonly seed: string
  /** Written over the colours, broken into as many lines as fit. */
  readonly text: string
}

const INK: Colour = [115, 0, 0]
const MARGIN = 2
const LINE_ROWS = GLYPH_ROWS + 2
const SIGN_COLUMNS = GLYPH_COLUMNS + 1

/** Draws a picture; the same drawing gives the same blocks. */
export function drawMosaic({ width, height, seed, text }: Drawing): Mosaic {
  const columns = Math.ceil(width / BLOCK_PIXELS)
  const rows = Math.ceil(height / BLOCK_PIXELS)
  const colourAt = background(seed, columns, rows)
  const ink = inkOf(text, columns, rows)
  const blocks = Array.from({ length: columns * rows }, (_, index): Colour => {
    return ink.has(index) ? INK : colourAt(index % columns, Math.floor(index / columns))
  })
  return { width, height, columns, rows, blocks }
}

// Dark enough everywhere for the ink to be read.
function background(seed: string, columns: number, rows: number): (column: number, row: number) => Colour {
  const random = seededRandom(seedFrom(seed))
  const [tilt = 0, blue = 0, red = 0] = Array.from({ length: 3 }, () => random() * 2 - 1)
  return (column, row) => {
    const x = column / columns - 0.5
    const y = row / rows - 0.5
    const light = -45 + 60 * (y + tilt * x)
    return [Math.round(light), Math.round(70 * blue * (1 - y)), Math.round(70 * red * (1 + x))]
  }
}

function inkOf(text: string, columns: number, rows: number): ReadonlySet<number> {
  const signsPerLine = Math.max(1, Math.floor((columns - 2 * MARGIN) / SIGN_COLUMNS))
  const lines = breakLines(text, signsPerLine).slice(0, Math.floor((rows - MARGIN) / LINE_ROWS))
  const inked = lines.flatMap((signs, line) =>
    Array.from(signs).flatMap((sign, place) => {
      const corner = (MARGIN + line * LINE_ROWS) * columns + MARGIN + place * SIGN_COLUMNS
      return inkOfSign(sign).map(([column, row]) => corner + row * columns + column)
    }),
  )
  return new Set(inked)
}

function inkOfSign(sign: string): readonly (readonly [column: number, row: number])[] {
  const cells = Array.from({ length: GLYPH_COLUMNS * GLYPH_ROWS }, (_, cell) => {
    return [cell % GLYPH_COLUMNS, Math.floor(cell / GLYPH_COLUMNS)] as const
  })
  return cells.filter(([column, row]) => isInked(sign, column, row))
}

function breakLines(text: string, signsPerLine: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    const signs = Array.from(paragraph)
    const lines: string[] = []
    for (let start = 0; start < signs.length; start += signsPerLine) {
      lines.push(signs.slice(start, start + signsPerLine).join(''))
    }
    return lines
  })
}
