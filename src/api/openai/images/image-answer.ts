import type { MediaLinks } from '../../../core/media.ts'
import type { Picture } from '../../../gateway/deliver-pictures.ts'
import type { Images, ImagesEnd } from '../../../gateway/images.ts'
import { outputFormatOf } from '../output-format-of.ts'
import type { ImageUsage } from './image-usage.ts'
import type { ImagesRequest } from './parse-image-request.ts'

/** The pictures of a request, in order, and what became of the others. */
export interface FoldedImages {
  readonly pictures: readonly Picture[]
  readonly end: ImagesEnd
}

/** Runs a request to its end; throws what kept all pictures away. */
export async function foldImages(images: ReturnType<Images['open']>): Promise<FoldedImages> {
  const pictures = new Map<number, Picture>()
  let end: ImagesEnd = { type: 'images-end', made: 0, withheld: 0 }
  for await (const batch of images) {
    for (const event of batch) {
      if (event.type === 'picture') pictures.set(event.index, event.picture)
      if (event.type === 'images-end') end = event
    }
  }
  const inOrder = [...pictures].toSorted(([a], [b]) => a - b).map(([, picture]) => picture)
  return { pictures: inOrder, end }
}

export interface EncodeImagesOptions {
  readonly request: ImagesRequest
  /** Unix seconds. */
  readonly created: number
  readonly links: MediaLinks
  readonly usage: ImageUsage
}

/** The official answer; `warnings` is ours, and says why there are fewer pictures than were asked for. */
export function encodeImages(folded: FoldedImages, options: EncodeImagesOptions) {
  const { request, created, links, usage } = options
  const format = formatOf(folded)
  const warning = describeMissing(folded.end, request.image.count)
  return {
    created,
    background: 'opaque',
    data: folded.pictures.map((picture) => encodePicture(picture, request.format, links)),
    ...(format && { output_format: format }),
    ...(request.size !== undefined && request.size !== 'auto' && { size: request.size }),
    usage,
    ...(warning !== undefined && { warnings: [warning] }),
  }
}

/** The kind of the pictures, where it is known. */
export function formatOf({ pictures: [first] }: FoldedImages) {
  return first && outputFormatOf(first.type === 'kept' ? first.file.mediaType : first.mediaType)
}

function encodePicture(picture: Picture, format: ImagesRequest['format'], links: MediaLinks) {
  if (picture.type === 'kept') return { url: links.imageUrl(picture.file.id) }
  const data = Buffer.from(picture.bytes).toString('base64')
  // one that could not be kept is its own address
  return format === 'url' ? { url: `data:${picture.mediaType};base64,${data}` } : { b64_json: data }
}

function describeMissing({ made, withheld }: ImagesEnd, count: number): string | undefined {
  const missing = count - made
  if (missing <= 0) return undefined
  const reasons = [
    ...(withheld > 0 ? [`${withheld} withheld by the upstream under its usage guidelines`] : []),
    ...(missing > withheld ? [`${missing - withheld} not delivered by the upstream`] : []),
  ]
  return `${made} of ${count} pictures: ${reasons.join(', ')}.`
}
