/** Sizes that callers name, with the shape that they ask for (spec/upstream-media.md §10.2). */
export const videoSizes = {
  '720x1280': '9:16',
  '1280x720': '16:9',
  '1024x1024': '1:1',
  '1024x1792': '9:16',
  '1792x1024': '16:9',
} as const
export type VideoSize = keyof typeof videoSizes
export type VideoRatio = (typeof videoSizes)[VideoSize]

export const videoResolutions = ['480p', '720p'] as const
export type VideoResolution = (typeof videoResolutions)[number]

/** Ways of the upstream to read a prompt (spec/upstream-media.md §10.1). */
export const videoPresets = ['fun', 'normal', 'spicy', 'custom'] as const
export type VideoPreset = (typeof videoPresets)[number]

/** Lengths in seconds, each with the clips that it is made of: the first, and what extends it (spec/upstream-media.md §9.1). */
const segments = { 6: [6], 10: [10], 12: [6, 6], 16: [10, 6], 20: [10, 10] } as const
export type VideoSeconds = keyof typeof segments
export const videoLengths: readonly VideoSeconds[] = [6, 10, 12, 16, 20]

/** The clips of a video of this length, in order (seconds). */
export function segmentsOf(seconds: VideoSeconds): readonly number[] {
  return segments[seconds]
}

/** The shortest length that is at least as long; undefined for what is longer than any. */
export function videoLengthFor(seconds: number): VideoSeconds | undefined {
  return seconds > 0 ? videoLengths.find((length) => length >= seconds) : undefined
}

/** Pictures that a video may start from (spec/upstream-media.md §9.1). */
export const MAX_VIDEO_REFERENCES = 7

/** What a caller wants of a video, beside its content. */
export interface VideoWishes {
  readonly seconds: VideoSeconds
  /** The length as the caller wrote it; may be shorter than what is made. */
  readonly askedSeconds: string
  readonly size: VideoSize
  readonly resolution: VideoResolution
  readonly preset: VideoPreset
}

/** How a video is to look. */
export interface VideoShape {
  readonly ratio: VideoRatio
  readonly resolution: VideoResolution
  readonly preset: VideoPreset
}
