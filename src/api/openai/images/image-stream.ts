import { toGatewayError } from '../../../core/error.ts'
import type { PictureBytes } from '../../../gateway/deliver-pictures.ts'
import type { Images } from '../../../gateway/images.ts'
import { encodeOpenAiError } from '../error-body.ts'
import { outputFormatOf } from '../output-format-of.ts'
import type { ImageUsage } from './image-usage.ts'
import type { ImagesRequest } from './parse-image-request.ts'

export interface ImageStreamOptions {
  readonly request: ImagesRequest
  /** Unix seconds. */
  readonly created: number
  readonly usage: () => Promise<ImageUsage>
}

type Batches = ReturnType<Images['open']>

/** A stream of one picture: its previews as they come, then the picture; an error event if there is none. */
export async function* encodeImageStream(
  images: Batches,
  options: ImageStreamOptions,
): AsyncGenerator<string> {
  const { task } = options.request
  let previews = 0
  try {
    for await (const event of flatten(images)) {
      if (event.type === 'preview') {
        const index = { partial_image_index: previews++ }
        yield encodeEvent(`${task}.partial_image`, { ...pictureFields(event.picture, options), ...index })
      } else if (event.type === 'picture' && event.picture.type === 'bytes') {
        const usage = await options.usage()
        yield encodeEvent(`${task}.completed`, { ...pictureFields(event.picture, options), usage })
      }
    }
  } catch (thrown) {
    yield encodeEvent('error', encodeOpenAiError(toGatewayError(thrown)))
  }
}

async function* flatten<Item>(batches: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const batch of batches) yield* batch
}

function pictureFields({ bytes, mediaType }: PictureBytes, { request, created }: ImageStreamOptions) {
  return {
    b64_json: Buffer.from(bytes).toString('base64'),
    created_at: created,
    size: request.size ?? 'auto',
    quality: 'auto',
    background: 'opaque',
    output_format: outputFormatOf(mediaType) ?? 'jpeg',
  }
}

function encodeEvent(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}
