import { z } from 'zod'
import type { PictureWishes } from '../core/chat-request.ts'
import type { Model } from '../core/model.ts'
import { maxPictures } from '../core/picture-limits.ts'
import { refuse } from './chat-door.ts'
import { parsePictureSize } from './picture-size.ts'

/** How pictures are asked for through a chat endpoint (spec/public-api.md §5.1). */
export const imageConfigSchema = z.object({
  n: z.int({ error: 'must be a whole number' }).min(1).nullish(),
  size: z.string({ error: 'must be a string' }).nullish(),
  response_format: z.enum(['url', 'b64_json'], { error: "must be 'url' or 'b64_json'" }).nullish(),
})

export type ImageConfig = z.output<typeof imageConfigSchema>

/**
 * The pictures that a chat request asks for, if its model makes any. `as` is how the dialect carries them: in its text, or
 * as items of their own.
 */
export function parsePictureWishes(
  model: Model,
  config: ImageConfig | null | undefined,
  as: PictureWishes['as'],
): PictureWishes | undefined {
  if (model.capability === 'chat' || model.capability === 'video') {
    if (config) throw refuse('image_config', `'${model.id}' makes no pictures`)
    return undefined
  }
  const count = config?.n ?? 1
  if (count > maxPictures(model)) {
    const reason = `'${model.id}' makes at most ${maxPictures(model)} pictures at once`
    throw refuse('image_config.n', reason)
  }
  const ratio = parsePictureSize(model, config?.size, 'image_config.size')
  const isData = as === 'item' || config?.response_format === 'b64_json'
  return { count, form: isData ? 'bytes' : 'kept', as, ...(ratio && { ratio }) }
}
