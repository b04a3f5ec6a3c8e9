import type { FilePart } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import type { ImageRequest } from '../core/image-request.ts'
import { mergeStreams } from '../util/streams/merge-streams.ts'
import { describeError } from '../util/log.ts'
import type { Attachments, LoadedFile } from './attachments.ts'
import type { ImageEvent, PictureForm } from './deliver-pictures.ts'
import { FILE_LIMITS } from './load-files.ts'
import {
  runRounds,
  type PictureCaller,
  type PictureOrder,
  type RoundParts,
  type RoundsFailed,
} from './picture-rounds.ts'
import { makesSingles } from './picture-source.ts'

export type ImageParts = RoundParts

/** What became of the pictures that were asked for; the last event. */
export interface ImagesEnd {
  readonly type: 'images-end'
  readonly made: number
  /** Withheld by the upstream under its usage guidelines. */
  readonly withheld: number
}

type Batches = AsyncGenerator<readonly (ImageEvent | ImagesEnd)[]>

/** Pictures that are ready to be made. */
export interface Images {
  /** The first pull leases an account. At least one picture comes, or it throws what kept them all away. */
  open(): Batches
  /** The account that worked last. */
  servedBy(): number | undefined
}

export interface OpenImagesOptions {
  readonly form: PictureForm
  readonly caller: PictureCaller
}

/** Prepares pictures: reads those to start from. Throws a `GatewayError` that names the field of one that cannot be had. */
export async function openImages(
  parts: ImageParts,
  request: ImageRequest,
  { form, caller }: OpenImagesOptions,
): Promise<Images> {
  const references = await loadPictures(parts.attachments, request.references, caller.signal)
  let servedBy: number | undefined
  const order = { request, references, form, caller, onServed: (id: number) => (servedBy = id) }
  return { open: () => makeImages(parts, { ...order, blame: { isSpent: false } }), servedBy: () => servedBy }
}

async function* makeImages(parts: ImageParts, order: PictureOrder): Batches {
  const { count } = order.request
  const failures: GatewayError[] = []
  let made = 0
  let withheld = 0
  for await (const batch of openStreams(parts, order)) {
    const shown: ImageEvent[] = []
    for (const event of batch) {
      if (event.type === 'rounds-failed') failures.push(event.failure)
      else shown.push(event)
      if (event.type === 'picture') made++
      if (event.type === 'picture-withheld') withheld++
    }
    if (shown.length > 0) yield shown
  }
  if (made === 0) throw failures[0] ?? allWithheld()
  const { requestId } = order.caller
  for (const failure of failures)
    parts.log.warn('some pictures did not come', { requestId, made, count, error: describeError(failure) })
  yield [{ type: 'images-end', made, withheld }]
}

/** A model that makes one picture per call makes several side by side, each with an account of its own. */
function openStreams(
  parts: ImageParts,
  order: PictureOrder,
): AsyncGenerator<readonly (ImageEvent | RoundsFailed)[]> {
  const { count } = order.request
  return makesSingles(parts, order.request)
    ? makeSingles(parts, order, count)
    : runRounds(parts, order, count)
}

async function* makeSingles(
  parts: ImageParts,
  order: PictureOrder,
  count: number,
): AsyncGenerator<readonly (ImageEvent | RoundsFailed)[]> {
  const singles = Array.from({ length: count }, () => runRounds(parts, order, 1))
  for await (const { index, item } of mergeStreams(singles)) {
    yield item.map((event) => placeAt(event, index))
  }
}

/** The event of a single picture, by its place among the others. */
function placeAt(event: ImageEvent | RoundsFailed, index: number): ImageEvent | RoundsFailed {
  return event.type === 'rounds-failed' ? event : { ...event, index }
}

/** The bytes of each picture, in order; one that is named twice stands twice, so that their numbers hold. */
async function loadPictures(
  attachments: Attachments,
  parts: readonly FilePart[],
  signal: AbortSignal,
): Promise<readonly LoadedFile[]> {
  const pictures: LoadedFile[] = []
  let totalBytes = 0
  for (const part of parts) {
    const [picture] = await attachments.load([{ role: 'user', content: [part] }], signal)
    if (!picture?.mediaType.startsWith('image/')) {
      const message = `${part.param}: must be a picture (jpeg, png, webp or gif).`
      throw new GatewayError('invalid_request', message, { param: part.param })
    }
    totalBytes += picture.bytes.length
    if (totalBytes > FILE_LIMITS.totalBytes) {
      const message = `${part.param}: the pictures have more than ${FILE_LIMITS.totalBytes} bytes together.`
      throw new GatewayError('payload_too_large', message, { param: part.param })
    }
    pictures.push(picture)
  }
  return pictures
}

function allWithheld(): GatewayError {
  const message = 'The upstream withheld the pictures under its usage guidelines.'
  return new GatewayError('content_policy', message)
}
