import type { MediaSource } from '../../core/media.ts'

/** The largest picture that is taken from a frame, in characters of base64: 32 MiB of bytes. */
const MAX_BLOB_LENGTH = 44 * 1024 * 1024

/** The bytes of a `blob`: base64, perhaps as a data URI, perhaps without padding; undefined if it is none. */
export function readBlob(blob: string | undefined): MediaSource | undefined {
  if (!blob || blob.length > MAX_BLOB_LENGTH) return undefined
  const data = blob.startsWith('data:') ? blob.slice(blob.indexOf(',') + 1) : blob
  try {
    const bytes = Uint8Array.fromBase64(data)
    return bytes.length > 0 ? { type: 'bytes', bytes } : undefined
  } catch {
    return undefined // loose by intent: the frame may have an address, too
  }
}

/** An address of the upstream, in full; relative ones are those of private files (spec/upstream-media.md §4.8). */
export function absoluteUrl(url: string, assetsUrl: string): string {
  return /^https?:\/\//i.test(url) ? url : `${assetsUrl}/${url.replace(/^\/+/, '')}`
}
