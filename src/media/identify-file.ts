import { FileRefusal } from './file-refusal.ts'

/** What somebody says a file is; the bytes have the last word. */
export interface FileClaim {
  readonly mediaType?: string
  readonly name?: string
  /** A server's word, which the caller cannot mend, is only a hint between two kinds of picture. */
  readonly isHint?: boolean
}

/** Endings of the kinds that are taken (spec/upstream-chat.md §10.4), the first for files without a name. */
const endings: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'image/gif': ['gif'],
  'application/pdf': ['pdf'],
  'application/rtf': ['rtf'],
  'application/msword': ['doc'],
  'application/vnd.ms-excel': ['xls'],
  'application/vnd.ms-powerpoint': ['ppt'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
  'application/json': ['json'],
  'application/xml': ['xml'],
  'text/html': ['html', 'htm'],
  'text/csv': ['csv'],
  'text/markdown': ['md', 'markdown'],
  'text/plain': ['txt', 'log'],
}

/** Other names of the same kinds. */
const synonyms: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'application/x-pdf': 'application/pdf',
  'text/rtf': 'application/rtf',
  'text/xml': 'application/xml',
  'text/json': 'application/json',
  'text/x-markdown': 'text/markdown',
  'application/csv': 'text/csv',
}

/** Kinds whose bytes are text; which one it is, only the claim can tell. */
const textKinds: ReadonlySet<string> = new Set([
  'application/json',
  'application/xml',
  'text/html',
  'text/csv',
  'text/markdown',
  'text/plain',
])

/** The old office formats share one container. */
const COMPOUND_FILE = 'application/x-cfb'
const compoundKinds: ReadonlySet<string> = new Set([
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
])

/** What text does not contain: control characters other than tabs, line and page breaks, and escapes. */
// oxlint-disable-next-line no-control-regex -- it is what this looks for
const CONTROL_CHARACTER = /[\u0000-\u0008\u000E-\u001A\u001C-\u001F]/

const KINDS_TAKEN =
  'pictures (jpeg, png, webp, gif), pdf, office documents, json, xml, rtf, csv, markdown, html and text'

/** The type of a file by its bytes; throws a {@link FileRefusal} if it is not taken, or not what it is said to be. */
export async function identifyFile(bytes: Uint8Array, claim: FileClaim): Promise<string> {
  if (bytes.length === 0) throw new FileRefusal('the file is empty')
  const claimed = normalise(claim.mediaType)
  const found = await sniff(bytes, claimed, claim.name)
  if (claimed.startsWith('image/') && claimed !== found) {
    if (!claim.isHint || !found?.startsWith('image/'))
      throw new FileRefusal(`the bytes are not those of ${claimed}${found ? `, but of ${found}` : ''}`)
  }
  if (found === undefined || endings[found] === undefined)
    throw new FileRefusal(`files of this kind are not taken: only ${KINDS_TAKEN}`)
  return found
}

/** The usual ending of a type that {@link identifyFile} gives. */
export function endingOf(mediaType: string): string {
  return endings[mediaType]?.[0] ?? 'bin'
}

function normalise(mediaType = ''): string {
  const plain = mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
  return synonyms[plain] ?? plain
}

async function sniff(
  bytes: Uint8Array,
  claimed: string,
  name: string | undefined,
): Promise<string | undefined> {
  // it is read when the first file comes
  const { fileTypeFromBuffer } = await import('file-type')
  const mime = (await fileTypeFromBuffer(bytes))?.mime
  const found = normalise(mime)
  const byName = kindOfName(name)
  if (found === COMPOUND_FILE)
    return [claimed, byName].find((kind) => kind !== undefined && compoundKinds.has(kind))
  if (endings[found] !== undefined && !textKinds.has(found)) return found
  // also where a short mark was seen: a text may begin with one by chance (`BM` is a bitmap's)
  const text = decodeText(bytes, claimed.startsWith('text/') || textKinds.has(byName ?? ''))
  if (text === undefined || CONTROL_CHARACTER.test(text)) return found || undefined
  return [claimed, byName].find((kind) => kind !== undefined && textKinds.has(kind)) ?? guessText(text)
}

function kindOfName(name = ''): string | undefined {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.keys(endings).find((kind) => endings[kind]?.includes(ending))
}

/** UTF-8, or UTF-16 with its mark; where somebody says that it is text, any old encoding that has no NUL in it. */
function decodeText(bytes: Uint8Array, isSaidToBeText: boolean): string | undefined {
  const [first, second] = bytes
  const isLittle = first === 0xff && second === 0xfe
  const isBig = first === 0xfe && second === 0xff
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return isSaidToBeText ? new TextDecoder('latin1').decode(bytes) : undefined
  }
}

function guessText(text: string): string {
  const start = text.slice(0, 200).trimStart().toLowerCase()
  if (start.startsWith('{\\rtf')) return 'application/rtf'
  if (start.startsWith('<?xml')) return 'application/xml'
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'text/html'
  return /^[[{]/.test(start) && isJson(text) ? 'application/json' : 'text/plain'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
