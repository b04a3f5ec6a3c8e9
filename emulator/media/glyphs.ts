/** Width of a glyph without the gap after it, in blocks. */
export const GLYPH_COLUMNS = 3

/** Height of a glyph without the gap under it, in blocks. */
export const GLYPH_ROWS = 5

// Five octal digits per sign, one per row from the top; the bits of a digit are the three blocks of the row.
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '00000',
  '!': '22202',
  '"': '55000',
  '#': '57575',
  '%': '51245',
  '&': '25256',
  "'": '22000',
  '(': '12221',
  ')': '42224',
  '*': '52725',
  '+': '02720',
  ',': '00024',
  '-': '00700',
  '.': '00002',
  '/': '11244',
  '0': '75557',
  '1': '26227',
  '2': '71747',
  '3': '71717',
  '4': '55711',
  '5': '74717',
  '6': '74757',
  '7': '71122',
  '8': '75757',
  '9': '75717',
  ':': '02020',
  ';': '02024',
  '<': '12421',
  '=': '07070',
  '>': '42124',
  '?': '71202',
  '@': '75547',
  A: '25755',
  B: '65656',
  C: '34443',
  D: '65556',
  E: '74647',
  F: '74644',
  G: '34553',
  H: '55755',
  I: '72227',
  J: '11152',
  K: '55655',
  L: '44447',
  M: '57755',
  N: '65555',
  O: '25552',
  P: '65644',
  Q: '25573',
  R: '65655',
  S: '34216',
  T: '72222',
  U: '55557',
  V: '55552',
  W: '55775',
  X: '55255',
  Y: '55222',
  Z: '71247',
  '[': '64446',
  ']': '31113',
  _: '00007',
}

/** True when the block at this place of a sign is inked; small letters look like capitals. */
export function isInked(sign: string, column: number, row: number): boolean {
  const rows = GLYPHS[sign.toUpperCase()] ?? unknownGlyph(sign)
  return ((Number(rows[row] ?? 0) >> (GLYPH_COLUMNS - 1 - column)) & 1) === 1
}

// Signs that have no glyph here, such as Chinese ones, are told apart by a pattern made from their code point.
function unknownGlyph(sign: string): string {
  const pattern = (Math.imul(sign.codePointAt(0) ?? 0, 0x9e3779b1) >>> 17)
    .toString(8)
    .padStart(GLYPH_ROWS, '7')
  return pattern.slice(-GLYPH_ROWS)
}
