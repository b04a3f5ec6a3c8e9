import type { Size } from './picture.ts'

const IMAGE_SIZES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  '1:1': [960, 960],
  '16:9': [1280, 720],
  '9:16': [720, 1280],
  '4:3': [1152, 864],
  '3:4': [864, 1152],
  '3:2': [1168, 784],
  '2:3': [784, 1168],
  '2:1': [1344, 672],
  '1:2': [672, 1344],
  '19.5:9': [1456, 672],
  '9:19.5': [672, 1456],
  '20:9': [1440, 648],
  '9:20': [648, 1440],
  '21:9': [1456, 624],
  '5:2': [1440, 576],
}

/** The ratios that pictures can have, spec/upstream-media.md §4.7. */
export const IMAGE_RATIOS: readonly string[] = ['auto', ...Object.keys(IMAGE_SIZES)]

/** The size of a picture of a ratio; `auto` and an absent one are decided here: 2:3, the page's own default. */
export function imageSize(ratio: string | undefined): Size {
  const [width, height] = IMAGE_SIZES[ratio ?? ''] ?? [784, 1168]
  return { width, height }
}
