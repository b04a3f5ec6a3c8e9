import type { MediaType } from '../core/media.ts'
import { FileRefusal } from './file-refusal.ts'

/** What a kept file is: its type by its bytes, and the ending of its name. */
export interface MediaKind {
  readonly mediaType: string
  readonly ending: string
}

/** How many of the first bytes tell what a file is. */
export const SNIFF_BYTES = 4_100

/** What is kept of each type; nothing that a browser would run. */
const kinds: Readonly<Record<MediaType, readonly MediaKind[]>> = {
  image: [
    { mediaType: 'image/jpeg', ending: 'jpg' },
    { mediaType: 'image/png', ending: 'png' },
    { mediaType: 'image/webp', ending: 'webp' },
    { mediaType: 'image/gif', ending: 'gif' },
  ],
  video: [
    { mediaType: 'video/mp4', ending: 'mp4' },
    { mediaType: 'video/webm', ending: 'webm' },
  ],
}

/** Names of the same container, by other makers. */
const synonyms: Readonly<Record<string, string>> = {
  'image/apng': 'image/png',
  'video/x-m4v': 'video/mp4',
}

const words: Readonly<Record<MediaType, string>> = { image: 'a picture', video: 'a film' }

/** All kinds of a type, the commonest first. */
export function mediaKinds(type: MediaType): readonly MediaKind[] {
  return kinds[type]
}

/** The kind that a file's name says; undefined if its ending is not one of ours. */
export function kindOfName(type: MediaType, name: string): MediaKind | undefined {
  return kinds[type].find(({ ending }) => name.endsWith(`.${ending}`))
}

/** What the first bytes of a file say it is; throws a {@link FileRefusal} if that is not of the type. */
export async function identifyMedia(head: Uint8Array, type: MediaType): Promise<MediaKind> {
  if (head.length === 0) throw new FileRefusal('the file is empty')
  // it is read when the first file comes
  const { fileTypeFromBuffer } = await import('file-type')
  const mime = (await fileTypeFromBuffer(head))?.mime ?? ''
  const kind = kinds[type].find(({ mediaType }) => mediaType === (synonyms[mime] ?? mime))
  if (!kind) throw new FileRefusal(`${describe(head, mime)} came instead of ${words[type]}`)
  return kind
}

function describe(head: Uint8Array, mime: string): string {
  if (mime !== '') return `a file of type ${mime}`
  const start = new TextDecoder().decode(head.subarray(0, 200)).trimStart()
  if (start.startsWith('<')) return 'a page of HTML or XML'
  return /^[[{]/.test(start) ? 'a JSON text' : 'a file of an unknown type'
}
