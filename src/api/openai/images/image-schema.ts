import { z } from 'zod'
import { MAX_PICTURE_PROMPT_LENGTH } from '../../../core/picture-limits.ts'

/** Previews of one picture at most, as in the official API. */
export const MAX_PREVIEWS = 3

const word = z.string({ error: 'must be a string' }).nullish()
const anything = z.unknown().optional()

/** What both image endpoints read; the pictures of an edit are read apart. */
export const imageSchema = z.object({
  prompt: z
    .string({ error: 'must be a string' })
    .trim()
    .min(1, 'must say what to draw')
    .max(MAX_PICTURE_PROMPT_LENGTH, `must have at most ${MAX_PICTURE_PROMPT_LENGTH} characters`),
  model: word,
  n: z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1').nullish(),
  size: word,
  /** The same under the name that xAI's own API has for it. */
  aspect_ratio: word,
  response_format: z.enum(['url', 'b64_json'], { error: "must be 'url' or 'b64_json'" }).nullish(),
  stream: z.boolean({ error: 'must be true or false' }).nullish(),
  partial_images: z
    .int({ error: 'must be a whole number' })
    .min(0)
    .max(MAX_PREVIEWS, `must be at most ${MAX_PREVIEWS}`)
    .nullish(),
  output_format: z
    .enum(['png', 'jpeg', 'webp'], { error: "must be 'png', 'jpeg' or 'webp'; no others are made" })
    .nullish(),
  background: z
    .enum(['auto', 'opaque'], { error: "must be 'auto' or 'opaque'; no transparent pictures are made" })
    .nullish(),
  quality: word,
  style: word,
  moderation: word,
  input_fidelity: word,
  complexity: word,
  resolution: word,
  output_compression: z.number({ error: 'must be a number' }).nullish(),
  user: word,
  safety_identifier: word,
  mask: anything,
  markup: anything,
  svg: anything,
  frame_count: anything,
  frame_duration_ms: anything,
})

/** The fields of a request for pictures. */
export type ImageBody = z.output<typeof imageSchema>
