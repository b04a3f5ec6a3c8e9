import { z } from 'zod'
import { parseFileUrl, type FilePart } from '../../../core/chat-request.ts'
import { findModel, type ModelAliases } from '../../../core/models.ts'
import { GatewayError } from '../../../core/error.ts'
import {
  videoLengthFor,
  videoLengths,
  videoPresets,
  videoResolutions,
  videoSizes,
  type VideoSize,
} from '../../../core/video-request.ts'
import type { VideoRequest } from '../../../gateway/videos.ts'
import { refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'

/** The model that is meant when none is named. */
const DEFAULT_MODEL = 'grok-imagine-video'
const DEFAULT_SECONDS = 6
const MAX_PROMPT_LENGTH = 32_000
/** Pictures that a video may start from (spec/upstream-media.md §9.1). */
const MAX_REFERENCES = 7

const size = z.custom<VideoSize>(
  (value) => typeof value === 'string' && Object.hasOwn(videoSizes, value),
  `must be one of ${Object.keys(videoSizes).join(', ')}`,
)
const reference = z.union([
  z.string(),
  z.looseObject({ image_url: z.string().nullish(), file_id: z.string().nullish() }),
])

const shared = {
  prompt: z.string().trim().min(1, 'must not be empty').max(MAX_PROMPT_LENGTH),
  seconds: z.coerce.number().nullish(),
  resolution_name: z.enum(videoResolutions).nullish(),
  preset: z.enum(videoPresets).nullish(),
}

const createSchema = z.object({
  ...shared,
  model: z.string().nullish(),
  size: size.nullish(),
  input_reference: z.union([reference, z.array(reference)]).nullish(),
})

const extendSchema = z.object({
  ...shared,
  video: z.union([z.string(), z.looseObject({ id: z.string() })], {
    error: 'must name one of your videos by its id; files cannot be extended',
  }),
})

/** Parses the fields of `POST /v1/videos`; `files` are the pictures of a multipart body. */
export function parseVideoRequest(
  fields: unknown,
  files: readonly FilePart[],
  aliases: ModelAliases,
): VideoRequest {
  const body = parseWith(createSchema, fields)
  const model = body.model ?? DEFAULT_MODEL
  checkModel(model, aliases)
  const named = body.input_reference ?? []
  const references = [...files, ...(Array.isArray(named) ? named : [named]).map(parseReference)]
  if (references.length > MAX_REFERENCES)
    throw refuse('input_reference', `a video may start from ${MAX_REFERENCES} pictures`)
  return { model, ...parseShared(body), size: body.size ?? '720x1280', references }
}

/** What an extension asks for; its shape is that of the video that it goes on from. */
export interface ExtensionRequest extends Omit<VideoRequest, 'model' | 'size' | 'references'> {
  readonly extendsId: string
}

/** Parses the body of `POST /v1/videos/extensions`. */
export function parseExtension(fields: unknown): ExtensionRequest {
  const body = parseWith(extendSchema, fields)
  const extendsId = typeof body.video === 'string' ? body.video : body.video.id
  return { ...parseShared(body), extendsId }
}

function parseShared(body: z.output<typeof extendSchema> | z.output<typeof createSchema>) {
  const asked = body.seconds ?? DEFAULT_SECONDS
  // lengths of the official API that the upstream has not (4, 8) become the next longer one
  const seconds = videoLengthFor(asked)
  if (seconds === undefined)
    throw refuse('seconds', `must be at most ${videoLengths.at(-1)}; made are ${videoLengths.join(', ')}`)
  return {
    prompt: body.prompt,
    seconds,
    askedSeconds: String(asked),
    resolution: body.resolution_name ?? ('720p' as const),
    preset: body.preset ?? ('custom' as const),
  }
}

function checkModel(id: string, aliases: ModelAliases): void {
  const model = findModel(id, aliases)
  if (model?.capability === 'video') return
  if (model) throw refuse('model', `'${id}' makes no videos; ${DEFAULT_MODEL} does`)
  throw new GatewayError('model_not_found', `The model '${id}' does not exist.`, { param: 'model' })
}

function parseReference(value: z.output<typeof reference>): FilePart {
  const param = 'input_reference'
  if (typeof value !== 'string' && value.file_id)
    throw refuse(`${param}.file_id`, 'stored files are not served; send the picture itself')
  const url = typeof value === 'string' ? value : value.image_url
  if (!url) throw refuse(`${param}.image_url`, 'is missing')
  const source = parseFileUrl(url)
  if (!source) throw refuse(param, 'a data URI must be base64')
  return { type: 'file', source, param }
}
