import type { Model } from './model.ts'

const DEFAULT_LIMIT = 10
/** Pictures that one request may ask of a model, where it is not ten (spec/upstream-media.md §3.1). */
const limits: Readonly<Record<string, number>> = {
  'grok-imagine-image-lite': 4,
  'grok-imagine-image-edit': 2,
}

/** How many pictures one request may ask of a model. */
export function maxPictures({ id }: Pick<Model, 'id'>): number {
  return limits[id] ?? DEFAULT_LIMIT
}

/** Pictures that an edit may start from (spec/upstream-media.md §8.1). */
export const MAX_REFERENCES = 7

/** The longest prompt of a picture, in UTF-16 units: as in the official API. */
export const MAX_PICTURE_PROMPT_LENGTH = 32_000
