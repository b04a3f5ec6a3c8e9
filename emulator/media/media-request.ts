import { z } from 'zod'
import { isObject, type JsonObject } from '../answers/frame.ts'
import { VIDEO_RATIOS, VIDEO_RESOLUTIONS, type VideoRatio, type VideoResolution } from './clips.ts'
import { IMAGE_RATIOS } from './sizes.ts'

const MAX_EDIT_PICTURES = 8
const MAX_VIDEO_SECONDS = 15
const MODE_FLAG = /(?:^|\s+)--mode=\S+\s*$/

interface CommonRequest {
  /** Which of the two bodies it was, spec/upstream-media.md §18 item 1. */
  readonly dialect: 'v2' | 'v3'
  readonly message: string
  /** Without the mode flag. */
  readonly prompt: string
  /** Addresses (v2) or file ids (v3). */
  readonly references: readonly string[]
  /** Only in the v2 body. */
  readonly parentPostId: string | null
}

/** An edit of pictures, spec/upstream-media.md §8. */
export interface EditRequest extends CommonRequest {
  readonly kind: 'image-edit'
  readonly ratio: string
  readonly count: number
}

/** What a segment is put behind. */
export interface Extension {
  readonly extendPostId: string
  readonly startTime: number
  readonly isStitched: boolean
}

/** A clip or its next segment, spec/upstream-media.md §9. */
export interface VideoRequest extends CommonRequest {
  readonly kind: 'video'
  readonly ratio: VideoRatio
  readonly resolution: VideoResolution
  /** Seconds of this segment. */
  readonly length: number
  readonly extension: Extension | null
}

/** A media body of E2. */
export type MediaRequest = EditRequest | VideoRequest

/** What a body turned out to be: no media at all, a request, or one that is wrong. */
export type ParsedMedia =
  | { readonly type: 'none' }
  | { readonly type: 'wrong'; readonly message: string }
  | MediaBody

interface MediaBody {
  readonly type: 'media'
  readonly request: MediaRequest
}

const editConfigSchema = z.object({
  imageReferences: z.array(z.string().min(1)).min(1),
  parentPostId: z.string().min(1),
})

const videoConfigSchema = z.object({
  parentPostId: z.string().min(1),
  aspectRatio: z.enum(VIDEO_RATIOS),
  videoLength: z.int().min(1).max(MAX_VIDEO_SECONDS),
  resolutionName: z.enum(VIDEO_RESOLUTIONS),
  imageReferences: z.array(z.string().min(1)).default([]),
})

const extensionSchema = z.object({
  videoExtensionStartTime: z.number().positive(),
  extendPostId: z.string().min(1),
  stitchWithExtendPostId: z.boolean().default(false),
  originalPrompt: z.string().optional(),
})

const assetsSchema = z.array(z.string().min(1)).min(1).max(8)
const newEditSchema = z.object({
  prompt: z.string().min(1),
  inputAssets: assetsSchema,
  aspectRatio: z.enum(IMAGE_RATIOS).optional(),
})
const newVideoSchema = z.object({
  prompt: z.string().default(''),
  aspectRatio: z.enum(VIDEO_RATIOS),
  duration: z.int().min(1).max(MAX_VIDEO_SECONDS),
  resolutionName: z.enum(VIDEO_RESOLUTIONS),
  inputAssets: assetsSchema.optional(),
})

/** Finds out whether a body of E2 asks for media, and in which dialect. */
export function parseMediaRequest(body: unknown): ParsedMedia {
  if (!isObject(body)) return { type: 'none' }
  try {
    const request = parseNew(body) ?? parseOld(body)
    return request === null ? { type: 'none' } : { type: 'media', request }
  } catch (error) {
    if (error instanceof z.ZodError) return { type: 'wrong', message: z.prettifyError(error) }
    throw error
  }
}

/** The body of spec/upstream-media.md §8.2 and §9.5. */
function parseNew(body: JsonObject): MediaRequest | null {
  const input = body['mediaGenInput']
  if (!isObject(input)) return null
  const message = z.string().parse(body['message'])
  const common = { dialect: 'v3', message, parentPostId: null } as const
  if ('imageToImage' in input) {
    const { prompt, inputAssets, aspectRatio = '1:1' } = newEditSchema.parse(input['imageToImage'])
    return { ...common, kind: 'image-edit', prompt, references: inputAssets, ratio: aspectRatio, count: 1 }
  }
  const video = newVideoSchema.parse(input['imageToVideo'] ?? input['textToVideo'])
  return {
    ...common,
    kind: 'video',
    prompt: video.prompt,
    references: video.inputAssets ?? [],
    ratio: video.aspectRatio,
    resolution: video.resolutionName,
    length: video.duration,
    extension: null,
  }
}

/** The body of spec/upstream-media.md §8.1, §9.2 and §9.3. */
function parseOld(body: JsonObject): MediaRequest | null {
  const models = at(at(at(body, 'responseMetadata'), 'modelConfigOverride'), 'modelMap')
  const edit = models['imageEditModelConfig']
  const video = models['videoGenModelConfig']
  if (edit === undefined && video === undefined) return null
  const message = z.string().min(1).parse(body['message'])
  const prompt = message.replace(MODE_FLAG, '').trim()
  const common = { dialect: 'v2', message, prompt } as const
  if (edit !== undefined) {
    const { imageReferences, parentPostId } = editConfigSchema.parse(edit)
    const count = z.int().min(1).max(MAX_EDIT_PICTURES).default(2).parse(body['imageGenerationCount'])
    return { ...common, kind: 'image-edit', references: imageReferences, parentPostId, ratio: '1:1', count }
  }
  const config = videoConfigSchema.parse(video)
  return {
    ...common,
    kind: 'video',
    references: config.imageReferences,
    parentPostId: config.parentPostId,
    ratio: config.aspectRatio,
    resolution: config.resolutionName,
    length: config.videoLength,
    extension: parseExtension(video),
  }
}

function parseExtension(config: unknown): Extension | null {
  if (!isObject(config) || config['isVideoExtension'] !== true) return null
  const { extendPostId, videoExtensionStartTime, stitchWithExtendPostId } = extensionSchema.parse(config)
  return { extendPostId, startTime: videoExtensionStartTime, isStitched: stitchWithExtendPostId }
}

function at(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isObject(value) ? value : {}
}
