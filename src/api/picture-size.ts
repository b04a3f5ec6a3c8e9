import { pictureRatios, type PictureRatio } from '../core/image-request.ts'
import type { Model } from '../core/model.ts'
import { refuse } from './chat-door.ts'

/** Sizes that callers name, with the shape that they ask for (spec/upstream-media.md §4.7). */
const sizes: Readonly<Record<string, PictureRatio>> = {
  '1280x720': '16:9',
  '720x1280': '9:16',
  '1792x1024': '3:2',
  '1024x1792': '2:3',
  '1024x1024': '1:1',
  '1536x1024': '3:2',
  '1024x1536': '2:3',
}

const EDIT_SIZES: ReadonlySet<string> = new Set(['1024x1024', '1:1'])

/** The shape that a size asks for; undefined leaves it to the upstream. What cannot be made is refused. */
export function parsePictureSize(
  model: Model,
  size: string | null | undefined,
  param: string,
): PictureRatio | undefined {
  if (!size || size === 'auto') return undefined
  if (model.capability === 'image_edit' && !EDIT_SIZES.has(size))
    throw refuse(param, `'${size}' is not possible: edits are 1024x1024 (or auto)`)
  const ratio = pictureRatios.find((one) => one === size) ?? sizes[size]
  if (ratio) return ratio
  const known = ['auto', ...Object.keys(sizes), ...pictureRatios].join(', ')
  throw refuse(param, `'${size}' is not one of ${known}`)
}

/** Whether a model takes no word on the shape of its pictures (spec/upstream-media.md §5). */
export function ignoresSize({ id }: Model): boolean {
  return id === 'grok-imagine-image-lite'
}
