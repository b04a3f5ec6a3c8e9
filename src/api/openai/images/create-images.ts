import type { Context, Handler } from 'hono'
import { openImages } from '../../../gateway/images.ts'
import { startStream } from '../../../util/streams/start-stream.ts'
import type { ChatDoorParts } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { announceIgnored } from '../../ignored-parameters.ts'
import { mediaLinks } from '../../media-links.ts'
import { readJsonBody } from '../../request-body.ts'
import { sseResponse } from '../../sse-response.ts'
import { encodeImages, foldImages, formatOf } from './image-answer.ts'
import { encodeImageStream } from './image-stream.ts'
import { estimateImageUsage } from './image-usage.ts'
import { parseImageRequest, type ImagesRequest } from './parse-image-request.ts'
import { readEditBody } from './read-edit-body.ts'

/** `POST /v1/images/generations` (spec/public-api.md §8). */
export function createImages(parts: ChatDoorParts): Handler<ApiEnv> {
  return async (c) => {
    const { aliases } = parts.chatDefaults()
    const options = { task: 'image_generation', aliases, references: [] } as const
    return answer(parts, c, parseImageRequest(await readJsonBody(c), options))
  }
}

/** `POST /v1/images/edits` (spec/public-api.md §9), as a form or as JSON. */
export function editImages(parts: ChatDoorParts): Handler<ApiEnv> {
  return async (c) => {
    const { fields, references } = await readEditBody(c)
    const { aliases } = parts.chatDefaults()
    return answer(parts, c, parseImageRequest(fields, { task: 'image_edit', aliases, references }))
  }
}

async function answer(parts: ChatDoorParts, c: Context<ApiEnv>, request: ImagesRequest): Promise<Response> {
  c.env?.allowSilence?.()
  const leaving = new AbortController()
  const leave = (): void => leaving.abort()
  const signal = AbortSignal.any([c.req.raw.signal, leaving.signal])
  const images = await openImages(parts, request.image, {
    form: request.format === 'url' ? 'kept' : 'bytes',
    caller: { requestId: c.get('requestId'), signal },
  })
  const created = Math.floor(parts.clock() / 1000)
  const usage = (made: number) => estimateImageUsage(parts.tokenizer, request.image, made)
  try {
    if (!request.stream)
      return await answerWhole(parts, c, { request, created, usage, images: images.open() })
    // the first event comes before the status, so that an early failure keeps its own
    const stream = await startStream(images.open())
    const frames = encodeImageStream(stream, { request, created, usage: () => usage(1) })
    return announceIgnored(sseResponse(frames, { onCancel: leave }), withFormat(request, 'jpeg'))
  } catch (thrown) {
    leave() // what is under way has nobody to go to
    throw thrown
  }
}

interface WholeAnswer {
  readonly request: ImagesRequest
  readonly created: number
  readonly usage: (made: number) => ReturnType<typeof estimateImageUsage>
  readonly images: Parameters<typeof foldImages>[0]
}

async function answerWhole(
  parts: ChatDoorParts,
  c: Context<ApiEnv>,
  { request, created, usage, images }: WholeAnswer,
): Promise<Response> {
  const folded = await foldImages(images)
  const { made } = folded.end
  const links = mediaLinks(c, parts.linkSettings())
  const body = encodeImages(folded, { request, created, links, usage: await usage(made) })
  const missing = request.image.count - made
  if (missing > 0) c.header('x-grok2api-missing', String(missing))
  return announceIgnored(c.json(body), withFormat(request, formatOf(folded)))
}

/** Pictures stay what the upstream makes: a wish for another kind is named as having no effect. */
function withFormat({ ignored, outputFormat }: ImagesRequest, made: string | undefined): readonly string[] {
  return outputFormat === undefined || outputFormat === made ? ignored : [...ignored, 'output_format']
}
