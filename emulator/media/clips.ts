import { readFileSync } from 'node:fs'
import { z } from 'zod'

// `files/clips.json` holds two key frames for every ratio and resolution. They were made once, by ffmpeg 5.1 (Debian) from two
// drawn stills (a coloured square on dark blue, left in the one and right in the other):
//   ffmpeg -framerate 1 -i a%d.png -c:v libx264 -profile:v baseline -level 3.1 -pix_fmt yuv420p -crf 36 -preset veryslow \
//     -g 1 -bsf:v filter_units=remove_types=6 -f h264 out.h264
// `sps` and `pps` are the parameter sets, `frames` the IDR pictures with a length of four bytes before each; all Base64.
const clipSchema = z.object({
  width: z.int(),
  height: z.int(),
  sps: z.base64(),
  pps: z.base64(),
  frames: z.array(z.base64()).length(2),
})

/** The ratios that clips can have, spec/upstream-media.md §9.5. */
export const VIDEO_RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4', '3:2', '2:3'] as const

/** The resolutions of the web surface, spec/upstream-media.md §10.2. */
export const VIDEO_RESOLUTIONS = ['480p', '720p'] as const

/** One of {@link VIDEO_RATIOS}. */
export type VideoRatio = (typeof VIDEO_RATIOS)[number]

/** One of {@link VIDEO_RESOLUTIONS}. */
export type VideoResolution = (typeof VIDEO_RESOLUTIONS)[number]

/** H.264 data that a clip is made from. */
export interface BaseClip {
  readonly width: number
  readonly height: number
  readonly sps: Buffer
  readonly pps: Buffer
  readonly frames: readonly Buffer[]
}

let clips: ReadonlyMap<string, BaseClip> | null = null

/** The frames for a ratio and a resolution. */
export function baseClip(ratio: VideoRatio, resolution: VideoResolution): BaseClip {
  clips ??= readClips()
  const clip = clips.get(`${ratio} ${resolution}`)
  if (clip === undefined) throw new Error(`no base clip for ${ratio} ${resolution}`)
  return clip
}

function readClips(): ReadonlyMap<string, BaseClip> {
  const text = readFileSync(new URL('../files/clips.json', import.meta.url), 'utf8')
  const parsed = z.record(z.string(), clipSchema).parse(JSON.parse(text))
  return new Map(
    Object.entries(parsed).map(([name, { width, height, sps, pps, frames }]) => {
      return [name, { width, height, sps: decode(sps), pps: decode(pps), frames: frames.map(decode) }]
    }),
  )
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
