import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../core/error.ts'
import type { KeptFile, MediaSource, PictureEvent, PictureProgress, PictureWithheld } from '../core/media.ts'
import { describeError, type Log } from '../util/log.ts'
import { mapLimit } from '../util/map-limit.ts'
import type { MediaIdentity, MediaKeeper } from './media-keeper.ts'

export interface PictureBytes {
  readonly type: 'bytes'
  readonly bytes: Uint8Array
  /** As the bytes say, e.g. `image/jpeg`. */
  readonly mediaType: string
}

/** A picture that is kept here, and can be linked to. */
export interface KeptPicture {
  readonly type: 'kept'
  readonly file: KeptFile
}

export type Picture = PictureBytes | KeptPicture

/** What a door gets of the pictures of a request. */
export type ImageEvent =
  | PictureProgress
  | PictureWithheld
  | { readonly type: 'preview'; readonly index: number; readonly picture: PictureBytes }
  | { readonly type: 'picture'; readonly index: number; readonly picture: Picture }

/** How finished pictures are given: kept here for a link, or as bytes. */
export type PictureForm = 'kept' | 'bytes'

export interface DeliveryParts {
  readonly mediaKeeper: MediaKeeper
  readonly log: Log
}

/** Pictures of one batch that are brought here at once. */
const PARALLEL_READS = 4
/** Waits for a picture that was announced but is not at its address yet; their number bounds the tries. */
const PAUSES_UNTIL_THERE_MS = [150, 500, 1_500]

/** Brings the pictures of a batch here, as the account that made them; a preview that cannot be had is left out. */
export async function deliverPictures(
  parts: DeliveryParts,
  batch: readonly PictureEvent[],
  { form, identity }: { readonly form: PictureForm; readonly identity: MediaIdentity },
): Promise<readonly ImageEvent[]> {
  const delivered = await mapLimit(batch, PARALLEL_READS, async (event): Promise<ImageEvent[]> => {
    if (event.type === 'picture-preview') return readPreview(parts, event, identity)
    if (event.type !== 'picture-done') return [event]
    const { index, source } = event
    const bring = form === 'kept' ? keep : read
    const picture = await onceThere(() => bring(parts, source, identity), identity.signal)
    return [{ type: 'picture', index, picture }]
  })
  return delivered.flat()
}

/** Just after its last frame, a file may still be on its way to the host that serves it. */
async function onceThere<Result>(bring: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (const milliseconds of PAUSES_UNTIL_THERE_MS) {
    try {
      return await bring()
    } catch (error) {
      if (!(error instanceof GatewayError) || error.upstreamStatus !== 404) throw error
      await pause(milliseconds, undefined, { signal })
    }
  }
  return bring()
}

async function readPreview(
  parts: DeliveryParts,
  { index, source }: { readonly index: number; readonly source: MediaSource },
  identity: MediaIdentity,
): Promise<ImageEvent[]> {
  try {
    return [{ type: 'preview', index, picture: await read(parts, source, identity) }]
  } catch (error) {
    identity.signal.throwIfAborted()
    parts.log.info('a preview could not be had', { error: describeError(error) })
    return []
  }
}

/** A disk that is full does not lose the picture: it is given as bytes instead. */
async function keep(parts: DeliveryParts, source: MediaSource, identity: MediaIdentity): Promise<Picture> {
  try {
    return { type: 'kept', file: await parts.mediaKeeper.keep('image', source, identity) }
  } catch (error) {
    const isOurFault =
      error instanceof GatewayError && (error.code === 'internal' || error.code === 'unavailable')
    if (!isOurFault) throw error
    parts.log.warn('a picture could not be kept', { error: describeError(error) })
    return read(parts, source, identity)
  }
}

async function read(
  { mediaKeeper }: DeliveryParts,
  source: MediaSource,
  identity: MediaIdentity,
): Promise<PictureBytes> {
  return { type: 'bytes', ...(await mediaKeeper.readPicture(source, identity)) }
}
