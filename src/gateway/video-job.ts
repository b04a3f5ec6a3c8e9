import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Json } from '../core/job.ts'
import {
  videoPresets,
  videoResolutions,
  videoSizes,
  type VideoSeconds,
  type VideoSize,
} from '../core/video-request.ts'
import type { LoadedFile } from './attachments.ts'

/** The kind under which videos stand among the jobs. */
export const VIDEO_JOB_KIND = 'videos'

const fileSchema = z.object({ name: z.string(), mediaType: z.string(), data: z.base64() })
const sizes = z.custom<VideoSize>((value) => typeof value === 'string' && Object.hasOwn(videoSizes, value))
const seconds = z.custom<VideoSeconds>((value) => [6, 10, 12, 16, 20].includes(Number(value)))

const inputSchema = z.object({
  /** The name that the caller used for the model. */
  model: z.string(),
  prompt: z.string(),
  seconds,
  /** As the caller wrote it; may be shorter than what is made. */
  askedSeconds: z.string(),
  size: sizes,
  resolution: z.enum(videoResolutions),
  preset: z.enum(videoPresets),
  references: z.array(fileSchema),
  /** The clip of an earlier video that is gone on from, and how long that is. */
  extends: z
    .object({
      accountId: z.int(),
      parentPostId: z.string(),
      postId: z.string(),
      elapsedSeconds: z.number(),
      videoId: z.string(),
    })
    .nullable(),
})

/** What a video job was told. */
export type VideoInput = z.infer<typeof inputSchema>

/** Reads the input of a job back. */
export function parseVideoInput(input: Json): VideoInput {
  return inputSchema.parse(input)
}

/** Reference pictures as a job keeps them. */
export function encodeReferences(files: readonly LoadedFile[]): VideoInput['references'] {
  return files.map(({ name, mediaType, bytes }) => ({
    name,
    mediaType,
    data: Buffer.from(bytes).toString('base64'),
  }))
}

/** The reference pictures of a job, ready to be put up. */
export function decodeReferences(references: VideoInput['references']): readonly LoadedFile[] {
  return references.map(({ name, mediaType, data }) => {
    const bytes = Buffer.from(data, 'base64')
    return { name, mediaType, bytes, hash: createHash('sha256').update(bytes).digest('hex') }
  })
}
