import type { ImageRequest } from '../core/image-request.ts'
import type { PictureEvent } from '../core/media.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import { litePrompt, readLitePicture } from '../upstream/image/lite-picture.ts'
import type { Attachments, LoadedFile } from './attachments.ts'
import type { Attempt } from './attempt.ts'
import { identify } from './identify.ts'
import { withFiles } from './with-files.ts'

/** The settings of pictures (`image.*`, `features.enable_nsfw`, `video.timeout`). */
export interface ImageSettings {
  /** The longest time for one round, and the longest silence in it. */
  readonly roundSeconds: number
  readonly silenceSeconds: number
  readonly adultContent: boolean
  /** The longest time for filing an edit. */
  readonly postSeconds: number
}

export interface PictureSourceParts {
  readonly upstream: UpstreamClient
  readonly attachments: Attachments
  readonly imageSettings: () => ImageSettings
}

/** What one round asks of the upstream. */
export interface RoundOrder {
  readonly request: ImageRequest
  /** The bytes of the pictures to start from. */
  readonly references: readonly LoadedFile[]
  /** Pictures of this round. */
  readonly count: number
  readonly signal: AbortSignal
  /** The upstream was asked. */
  readonly onServed: () => void
}

type Pictures = AsyncGenerator<readonly PictureEvent[]>

/** The better and slower of the two that come over the socket. */
const PRO_MODEL = 'grok-imagine-image-pro'
const LITE_MODEL = 'grok-imagine-image-lite'

/** Whether one call makes one picture, so that several are several calls. */
export function makesSingles(
  { upstream }: Pick<PictureSourceParts, 'upstream'>,
  { model }: ImageRequest,
): boolean {
  return model.id === LITE_MODEL || (model.capability === 'image_edit' && upstream.editsSingly())
}

/** One round of pictures with one account, however its model makes them. */
export function openRound(parts: PictureSourceParts, attempt: Attempt, order: RoundOrder): Pictures {
  const { request } = order
  if (request.model.capability === 'image_edit') return openEdit(parts, attempt, order)
  const isLite = request.model.id === LITE_MODEL
  return isLite ? openLite(parts, attempt, order) : openSocketRound(parts, attempt, order)
}

function openSocketRound(
  { upstream, imageSettings }: PictureSourceParts,
  attempt: Attempt,
  order: RoundOrder,
) {
  const { prompt, ratio, model } = order.request
  const { roundSeconds, silenceSeconds, adultContent } = imageSettings()
  return upstream.pictures({
    ...identify(attempt, order.signal),
    prompt,
    count: order.count,
    ...(ratio !== undefined && { ratio }),
    pro: model.id === PRO_MODEL,
    adultContent,
    roundSeconds,
    silenceSeconds,
    onServed: order.onServed,
  })
}

function openLite({ upstream }: PictureSourceParts, attempt: Attempt, order: RoundOrder): Pictures {
  const { mode } = attempt.lease
  const prompt = litePrompt(order.request.prompt)
  const { onServed } = order
  const who = { ...identify(attempt, order.signal), accountId: attempt.lease.accountId }
  return readLitePicture(upstream.chat({ ...who, mode, prompt, fileIds: [], onServed }))
}

function openEdit(parts: PictureSourceParts, attempt: Attempt, order: RoundOrder): Pictures {
  const identity = identify(attempt, order.signal)
  const target = { accountId: attempt.lease.accountId, isForEdit: true, ...identity }
  const { prompt, ratio } = order.request
  return withFiles(parts.attachments, { files: order.references, target }, (references) =>
    parts.upstream.editPictures({
      ...identity,
      prompt,
      count: order.count,
      ...(ratio !== undefined && { ratio }),
      references,
      postSeconds: parts.imageSettings().postSeconds,
      onServed: order.onServed,
    }),
  )
}
