import { z } from 'zod'
import { parseFileUrl, type FilePart } from '../../../core/chat-request.ts'
import type { ModelAliases } from '../../../core/models.ts'
import { MAX_VIDEO_REFERENCES } from '../../../core/video-request.ts'
import type { VideoRequest } from '../../../gateway/videos.ts'
import { findNamedModel, refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'
import { parseVideoConfig, videoConfigSchema } from '../../video-config.ts'

/** The model that is meant when none is named. */
const DEFAULT_MODEL = 'grok-imagine-video'
const MAX_PROMPT_LENGTH = 32_000

const prompt = z.string().trim().min(1, 'must not be empty').max(MAX_PROMPT_LENGTH)
const reference = z.union([
  z.string(),
  z.looseObject({ image_url: z.string().nullish(), file_id: z.string().nullish() }),
])

const createSchema = videoConfigSchema.extend({
  prompt,
  model: z.string().nullish(),
  input_reference: z.union([reference, z.array(reference)]).nullish(),
})

const extendSchema = videoConfigSchema.omit({ size: true }).extend({
  prompt,
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
  if (findNamedModel(model, aliases).capability !== 'video')
    throw refuse('model', `'${model}' makes no videos; ${DEFAULT_MODEL} does`)
  const named = body.input_reference ?? []
  const references = [...files, ...(Array.isArray(named) ? named : [named]).map(parseReference)]
  if (references.length > MAX_VIDEO_REFERENCES)
    throw refuse('input_reference', `a video may start from ${MAX_VIDEO_REFERENCES} pictures`)
  return { ...parseVideoConfig(body, ''), model, prompt: body.prompt, references }
}

/** What an extension asks for; model and size are those of the video that it goes on from. */
export interface ExtensionRequest extends Omit<VideoRequest, 'model' | 'references'> {
  readonly extendsId: string
}

/** Parses the body of `POST /v1/videos/extensions`. */
export function parseExtension(fields: unknown): ExtensionRequest {
  const body = parseWith(extendSchema, fields)
  const extendsId = typeof body.video === 'string' ? body.video : body.video.id
  return { ...parseVideoConfig(body, ''), prompt: body.prompt, extendsId }
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
