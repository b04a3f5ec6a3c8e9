import { z } from 'zod'
import { IMAGE_RATIOS } from '../media/sizes.ts'

const MAX_PICTURES = 10
// spec/upstream-media.md §4.3: what the server makes when the client does not say how many.
const SPEED_PICTURES = 6
const QUALITY_PICTURES = 4

const flag = z.boolean().optional()

// Known properties are typed strictly, unknown ones pass.
const propertiesSchema = z.object({
  section_count: z.int().optional(),
  is_kids_mode: flag,
  enable_nsfw: flag,
  skip_upsampler: flag,
  enable_side_by_side: flag,
  is_initial: flag,
  enable_pro: flag,
  enable_watermark: flag,
  aspect_ratio: z.enum(IMAGE_RATIOS).optional(),
  num_generations: z.int().min(1).max(MAX_PICTURES).optional(),
})

const messageSchema = z.object({
  type: z.literal('conversation.item.create'),
  timestamp: z.int(),
  item: z.object({
    type: z.literal('message'),
    content: z.tuple([
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('reset') }),
        z.object({
          type: z.literal('input_text'),
          requestId: z.string().min(1),
          text: z.string().min(1),
          properties: propertiesSchema.default({}),
        }),
      ]),
    ]),
  }),
})

/** A round of pictures as a client asks for it. */
export interface ImagineRequest {
  readonly type: 'request'
  readonly requestId: string
  readonly text: string
  readonly ratio: string
  readonly isQuality: boolean
  readonly count: number
}

/** A message of the client, spec/upstream-media.md §4.3. */
export type ImagineMessage =
  | ImagineRequest
  | { readonly type: 'reset' }
  | { readonly type: 'invalid'; readonly message: string }

/** Reads one message. */
export function parseImagineMessage(body: unknown): ImagineMessage {
  const parsed = messageSchema.safeParse(body)
  if (!parsed.success) return { type: 'invalid', message: z.prettifyError(parsed.error) }
  const [content] = parsed.data.item.content
  if (content.type === 'reset') return { type: 'reset' }
  const { aspect_ratio: ratio = 'auto', enable_pro: isQuality = false, num_generations } = content.properties
  return {
    type: 'request',
    requestId: content.requestId,
    text: content.text,
    ratio,
    isQuality,
    count: num_generations ?? (isQuality ? QUALITY_PICTURES : SPEED_PICTURES),
  }
}
