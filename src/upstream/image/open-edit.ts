import { GatewayError } from '../../core/error.ts'
import type { PictureEvent } from '../../core/media.ts'
import type { JsonObject } from '../../util/json-fields.ts'
import { truncatedFailure } from '../failure.ts'
import { readMediaFrames } from '../media-frames.ts'
import { createMediaPost } from '../media-post.ts'
import type { CallerIdentity, RestCaller, RestCallerOptions } from '../rest-call.ts'
import { openRestStream } from '../rest-stream.ts'
import type { PlacedFile } from '../upload.ts'
import { encodeEditBody, encodeEditInput } from './edit-body.ts'
import { EditDecoder } from './edit-decoder.ts'
import { absoluteUrl } from './read-picture.ts'

/** One edit: who asks, and what. */
export interface EditCall extends CallerIdentity {
  readonly prompt: string
  readonly count: number
  /** Only the newer protocol knows it; absent: the service chooses. */
  readonly ratio?: string
  /** The pictures to start from, as they lie at the account. */
  readonly references: readonly PlacedFile[]
  /** For the post that the edit is filed under. */
  readonly postSeconds: number
  readonly onServed: () => void
}

type EditOptions = RestCallerOptions & { readonly call: RestCaller }

/** Opens the stream of an edit in the protocol that is set; the first pull begins. */
export async function* openPictureEdit(
  options: EditOptions,
  call: EditCall,
): AsyncGenerator<readonly PictureEvent[]> {
  const { assetsUrl, chatIdleSeconds, chatProtocol } = options.settings()
  const asked = chatProtocol === 'gateway' ? askWithInput(call) : await askWithPost(options, call)
  const { credential, proxyUrl, signal, onServed, count } = call
  const identity = { credential, signal, ...(proxyUrl !== undefined && { proxyUrl }) }
  const request = { ...identity, ...asked, onServed, idleSeconds: chatIdleSeconds }
  const stream = openRestStream(options, request, readMediaFrames)
  yield* decodeEdit(stream, new EditDecoder(count, assetsUrl))
}

/** Gen-B: the pictures by their ids, and no post (spec/upstream-media.md §8.2). */
function askWithInput({ prompt, ratio, references }: EditCall) {
  const fileIds = references.map(({ id }) => id)
  return { body: encodeEditInput({ prompt, fileIds, ...(ratio && { ratio }) }), refererPath: '/imagine' }
}

/** Gen-A: an edit is filed under a post of its own (spec/upstream-media.md §8.1). */
async function askWithPost(
  options: EditOptions,
  { prompt: asked, references, postSeconds, ...identity }: EditCall,
) {
  const { assetsUrl } = options.settings()
  const imageUrls = references.map(({ uri }) => contentUrl(uri, assetsUrl))
  const prompt = namePictures(asked, references)
  const post = await createMediaPost(options.call, identity, {
    type: 'image',
    prompt,
    timeoutSeconds: postSeconds,
  })
  return {
    body: encodeEditBody({ message: post.prompt ?? prompt, imageUrls, postId: post.id }),
    refererPath: `/imagine/post/${encodeURIComponent(post.id)}`,
  }
}

/** `@IMAGE1` names the first picture; the older protocol wants its id (spec/upstream-media.md §8.1). */
function namePictures(prompt: string, references: readonly PlacedFile[]): string {
  return prompt.replaceAll(/@image(\d+)\b/gi, (word, number: string) => {
    const reference = references[Number(number) - 1]
    return reference ? `@${reference.id}` : word
  })
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

/** Where a file that was put up lies. */
export function contentUrl(uri: string | null, assetsUrl: string): string {
  if (uri !== null) return absoluteUrl(uri, assetsUrl)
  throw new GatewayError('upstream_unavailable', 'The upstream did not take the file.', {
    cause: 'an upload was answered without the address of its content',
  })
}
