import type { FilePart } from '../../../core/chat-request.ts'
import type { ImageRequest } from '../../../core/image-request.ts'
import type { Model } from '../../../core/model.ts'
import type { ModelAliases } from '../../../core/models.ts'
import { MAX_REFERENCES, maxPictures } from '../../../core/picture-limits.ts'
import { findNamedModel, refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'
import { ignoresSize, parsePictureSize } from '../../picture-size.ts'
import { imageSchema, type ImageBody } from './image-schema.ts'

/** The two endpoints, as their stream events are named. */
export type ImageTask = 'image_generation' | 'image_edit'

/** A request for pictures: what to make, and in which form. */
export interface ImagesRequest {
  readonly task: ImageTask
  readonly image: ImageRequest
  readonly format: 'url' | 'b64_json'
  readonly stream: boolean
  /** The size as the caller words it. */
  readonly size: string | undefined
  readonly outputFormat: string | undefined
  /** Parameters that were sent and have no effect. */
  readonly ignored: readonly string[]
}

export interface ParseImageOptions {
  readonly task: ImageTask
  readonly aliases: ModelAliases
  /** The pictures to start from. */
  readonly references: readonly FilePart[]
}

const defaultModels = {
  image_generation: 'grok-imagine-image',
  image_edit: 'grok-imagine-image-edit',
} as const

/** Models of the official API whose answers are always data: their clients look for nothing else. */
const DATA_ONLY = /^(?:gpt-image|chatgpt-image)/

/** Parses the fields of a request for pictures; what is not served is refused by name, before anything is spent. */
export function parseImageRequest(input: unknown, options: ParseImageOptions): ImagesRequest {
  const { task, aliases, references } = options
  const body = parseWith(imageSchema, input)
  refuseUnserved(body)
  const name = body.model || defaultModels[task]
  const model = checkModel(findNamedModel(name, aliases), name, task)
  const size = (body.size ?? body.aspect_ratio) || undefined
  const ratio = ignoresSize(model)
    ? undefined
    : parsePictureSize(model, size, body.size ? 'size' : 'aspect_ratio')
  const count = checkCount(model, body)
  checkReferences(task, references)
  return {
    task,
    image: {
      model,
      prompt: body.prompt,
      count,
      references,
      previews: body.partial_images ?? 0,
      ...(ratio && { ratio }),
    },
    format: chooseFormat(body, name),
    stream: body.stream ?? false,
    size,
    outputFormat: body.output_format ?? undefined,
    ignored: findIgnored(body, model),
  }
}

function checkModel(model: Model, name: string, task: ImageTask): Model {
  const needed = task === 'image_edit' ? 'image_edit' : 'image'
  if (model.capability === needed) return model
  throw refuse('model', `'${name}' cannot do this; leave it out for ${defaultModels[task]}`)
}

function checkCount(model: Model, { n, stream, partial_images }: ImageBody): number {
  const count = n ?? 1
  if (count > maxPictures(model))
    throw refuse('n', `'${model.id}' makes at most ${maxPictures(model)} pictures at once`)
  // the events of a stream do not say which picture they are of
  if (stream && count > 1) throw refuse('n', 'streaming is only possible with n=1')
  if (partial_images && !stream) throw refuse('partial_images', 'is only possible with stream')
  return count
}

function checkReferences(task: ImageTask, references: readonly FilePart[]): void {
  if (task !== 'image_edit') return
  if (references.length === 0) throw refuse('image', 'must hold a picture to start from')
  if (references.length > MAX_REFERENCES)
    throw refuse('image', `at most ${MAX_REFERENCES} pictures are taken`)
}

function chooseFormat({ response_format: asked, stream }: ImageBody, name: string): 'url' | 'b64_json' {
  if (stream && asked === 'url') throw refuse('response_format', 'a stream carries b64_json only')
  return asked ?? (stream || DATA_ONLY.test(name) ? 'b64_json' : 'url')
}

/** Fields that would change what is made, but that cannot be honoured. */
function refuseUnserved(body: ImageBody): void {
  const reasons = {
    mask: 'masks are not served; say in the prompt what is to change',
    markup: 'marked-up pictures are not served',
    svg: 'drawings as SVG are not served',
    frame_count: 'moving pictures are not served here',
    frame_duration_ms: 'moving pictures are not served here',
  } as const
  for (const [name, reason] of Object.entries(reasons)) {
    const value = Object.entries(body).find(([field]) => field === name)?.[1]
    if (value !== undefined && value !== null) throw refuse(name, reason)
  }
}

/** Wishes that the upstream has no word for: clients send them habitually. */
function findIgnored(body: ImageBody, model: Model): readonly string[] {
  const names = [
    'quality',
    'style',
    'moderation',
    'input_fidelity',
    'complexity',
    'resolution',
    'output_compression',
  ] as const
  const ignored: string[] = names.filter(
    (name) => body[name] !== undefined && body[name] !== null && body[name] !== 'auto',
  )
  const isSizeIdle = ignoresSize(model) && (body.size ?? body.aspect_ratio ?? 'auto') !== 'auto'
  return isSizeIdle ? [...ignored, 'size'] : ignored
}
