import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether two texts are equal, in a time that tells neither where they differ nor how long the expected one is. */
export function isSameText(presented: string, expected: string): boolean {
  return timingSafeEqual(digest(presented), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
