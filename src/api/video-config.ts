import { z } from 'zod'
import type { Model } from '../core/model.ts'
import {
  videoLengthFor,
  videoLengths,
  videoPresets,
  videoResolutions,
  videoSizes,
  type VideoSize,
  type VideoWishes,
} from '../core/video-request.ts'
import { refuse } from './chat-door.ts'

const DEFAULT_SECONDS = 6

/** How a video is to look, in every endpoint that makes one. */
export const videoConfigSchema = z.object({
  seconds: z.coerce.number({ error: 'must be a number' }).nullish(),
  size: z
    .custom<VideoSize>(
      (value) => typeof value === 'string' && Object.hasOwn(videoSizes, value),
      `must be one of ${Object.keys(videoSizes).join(', ')}`,
    )
    .nullish(),
  resolution_name: z
    .enum(videoResolutions, { error: `must be one of ${videoResolutions.join(', ')}` })
    .nullish(),
  preset: z.enum(videoPresets, { error: `must be one of ${videoPresets.join(', ')}` }).nullish(),
})

export type VideoConfig = z.output<typeof videoConfigSchema>

/** The wishes of a configuration; `path` is where it stands in the request. */
export function parseVideoConfig(config: VideoConfig, path: string): VideoWishes {
  const asked = config.seconds ?? DEFAULT_SECONDS
  // lengths of the official API that the upstream has not (4, 8) become the next longer one
  const seconds = videoLengthFor(asked)
  if (seconds === undefined)
    throw refuse(
      `${path}seconds`,
      `must be at most ${videoLengths.at(-1)}; made are ${videoLengths.join(', ')}`,
    )
  return {
    seconds,
    askedSeconds: String(asked),
    size: config.size ?? '720x1280',
    resolution: config.resolution_name ?? '720p',
    preset: config.preset ?? 'custom',
  }
}

/** The video that a chat request asks for, if its model makes any (spec/public-api.md §5.3). */
export function parseVideoWishes(
  model: Model,
  config: VideoConfig | null | undefined,
): VideoWishes | undefined {
  if (model.capability === 'video') return parseVideoConfig(config ?? {}, 'video_config.')
  if (config) throw refuse('video_config', `'${model.id}' makes no videos`)
  return undefined
}
