import { z } from 'zod'
import { decimal, wholeNumber } from '../setting-types.ts'

const SHORTEST_TIMEOUT_SECONDS = 0.1
const LONGEST_TIMEOUT_SECONDS = 3_600

/** How long a chat may stay silent. */
export const chatGroup = z.strictObject({
  timeout: timeout('Longest silence of the upstream during a chat or an image edit.'),
})

/** How long image generation may take. */
export const imageGroup = z.strictObject({
  timeout: timeout('Longest time for one round of images.'),
  stream_timeout: timeout('Longest silence of the image socket.'),
})

/** How long video generation may stay silent. */
export const videoGroup = z.strictObject({
  timeout: timeout('Longest silence of the upstream during a video.'),
  concurrency: wholeNumber({
    default: 8,
    minimum: 1,
    maximum: 1_000,
    unit: 'videos',
    description: 'Videos that one process makes at once; others wait.',
  }),
})

/** How long opening a voice session may take. */
export const voiceGroup = z.strictObject({
  timeout: timeout('Longest wait for a voice session.'),
})

/** How long operations on stored files may take. */
export const assetGroup = z.strictObject({
  upload_timeout: timeout('Longest time for one upload.'),
  download_timeout: timeout('Longest silence during one download.'),
  list_timeout: timeout('Longest time for one listing of stored files.'),
  delete_timeout: timeout('Longest time for deleting one stored file.'),
})

/** How long changing an account's content setting may take. */
export const nsfwGroup = z.strictObject({
  timeout: timeout("Longest time for changing one account's content setting."),
})

function timeout(description: string) {
  return decimal({
    default: 60,
    minimum: SHORTEST_TIMEOUT_SECONDS,
    maximum: LONGEST_TIMEOUT_SECONDS,
    unit: 'seconds',
    description,
  })
}
