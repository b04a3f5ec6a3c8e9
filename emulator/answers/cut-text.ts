import { seededRandom, seedFrom } from '../state/random.ts'

const MIN_CHARACTERS = 2
const MAX_CHARACTERS = 7

/** Cuts a text into tokens of a few code points, the same for the same text; never inside a surrogate pair. */
export function cutText(text: string): readonly string[] {
  const random = seededRandom(seedFrom(text))
  const characters = Array.from(text)
  const pieces: string[] = []
  let start = 0
  while (start < characters.length) {
    const length = MIN_CHARACTERS + Math.floor(random() * (MAX_CHARACTERS - MIN_CHARACTERS + 1))
    pieces.push(characters.slice(start, start + length).join(''))
    start += length
  }
  return pieces
}
