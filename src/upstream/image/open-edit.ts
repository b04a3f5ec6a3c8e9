import { GatewayError } from '../../core/error.ts'
import type { PictureEvent } from '../../core/media.ts'
import type { JsonObject } from '../../util/json-fields.ts'
import { truncatedFailure } from '../failure.ts'
import { readMediaFrames } from '../media-frames.ts'
import { createMediaPost } from '../media-post.ts'
import type { CallerIdentity, RestCaller, RestCallerOptions } from '../rest-call.ts'
import { openRestStream } from '../rest-stream.ts'
import type { PlacedFile } from '../upload.ts'
import { encodeEditBody } from './edit-body.ts'
import { EditDecoder } from './edit-decoder.ts'
import { absoluteUrl } from './read-picture.ts'

/** One edit: who asks, and what. */
export interface EditCall extends CallerIdentity {
  readonly prompt: string
  readonly count: number
  /** The pictures to start from, as they lie at the account. */
  readonly references: readonly PlacedFile[]
  /** For the post that the edit is filed under. */
  readonly postSeconds: number
  readonly onServed: () => void
}

/** Files an edit and opens its stream, Gen-A (spec/upstream-media.md §8.1); the first pull begins. */
export async function* openPictureEdit(
  options: RestCallerOptions & { readonly call: RestCaller },
  { prompt, count, references, postSeconds, ...identity }: EditCall,
): AsyncGenerator<readonly PictureEvent[]> {
  const { assetsUrl, chatIdleSeconds } = options.settings()
  const imageUrls = references.map(({ uri }) => contentUrl(uri, assetsUrl))
  const post = await createMediaPost(options.call, identity, {
    type: 'image',
    prompt,
    timeoutSeconds: postSeconds,
  })
  const stream = openRestStream(
    options,
    {
      ...identity,
      body: encodeEditBody({ message: post.prompt ?? prompt, imageUrls, postId: post.id }),
      refererPath: `/imagine/post/${encodeURIComponent(post.id)}`,
      idleSeconds: chatIdleSeconds,
    },
    readMediaFrames,
  )
  yield* decodeEdit(stream, new EditDecoder(count, assetsUrl))
}

async function* decodeEdit(
  stream: AsyncIterable<readonly JsonObject[]>,
  decoder: EditDecoder,
): AsyncGenerator<readonly PictureEvent[]> {
  for await (const frames of stream) {
    const events: PictureEvent[] = []
    for (const frame of frames) decoder.decode(frame, events)
    if (events.length > 0) yield events
    if (decoder.isOver) return
  }
  const events: PictureEvent[] = []
  decoder.end(events)
  if (events.length > 0) yield events
  // one that made fewer than were asked for did its work; one that made none did not
  if (decoder.isEmpty) throw truncatedFailure('an image edit ended without a picture')
}

/** Where the upstream finds a picture that was put up (§6.3). */
/** Where a file that was put up lies. */
export function contentUrl(uri: string | null, assetsUrl: string): string {
  if (uri !== null) return absoluteUrl(uri, assetsUrl)
  throw new GatewayError('upstream_unavailable', 'The upstream did not take the file.', {
    cause: 'an upload was answered without the address of its content',
  })
}
