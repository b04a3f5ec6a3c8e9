import type { ServedFile } from '../state/stores.ts'

const RANGE = /^bytes=(\d*)-(\d*)$/

/** A file as an answer: whole, or the part that a Range header names. */
export function fileResponse(
  { bytes, contentType }: Pick<ServedFile, 'bytes' | 'contentType'>,
  range: string | undefined,
): Response {
  const headers = { 'Content-Type': contentType, 'Accept-Ranges': 'bytes' }
  const [, from = '', to = ''] = RANGE.exec(range ?? '') ?? []
  if (from === '' && to === '') return whole(bytes, headers)
  const size = bytes.length
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start > end) {
    return new Response(null, { status: 416, headers: { 'Content-Range': `bytes */${size}` } })
  }
  const part = bytes.slice(start, end + 1)
  return new Response(part, {
    status: 206,
    headers: {
      ...headers,
      'Content-Length': String(part.length),
      'Content-Range': `bytes ${start}-${end}/${size}`,
    },
  })
}

function whole(bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Response {
  return new Response(bytes, { headers: { ...headers, 'Content-Length': String(bytes.length) } })
}
