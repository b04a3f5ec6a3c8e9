import type { FilePart } from './chat-request.ts'
import type { Model } from './model.ts'

/** Ratios of width to height that pictures can have at the upstream (spec/upstream-media.md §4.7). */
export const pictureRatios = [
  '1:1',
  '2:3',
  '3:2',
  '9:16',
  '16:9',
  '3:4',
  '4:3',
  '1:2',
  '2:1',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
] as const
export type PictureRatio = (typeof pictureRatios)[number]

/** Pictures to make, or to make from others. */
export interface ImageRequest {
  readonly model: Model
  readonly prompt: string
  /** How many; the model's limit was checked. */
  readonly count: number
  /** Absent: as the upstream chooses. */
  readonly ratio?: PictureRatio
  /** The pictures to start from, in order (`grok-imagine-image-edit` only). */
  readonly references: readonly FilePart[]
  /** Previews that are wanted of each picture, 0 to 3. */
  readonly previews: number
}
