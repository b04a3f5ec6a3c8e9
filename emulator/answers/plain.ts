import type { Frame } from './frame.ts'
import { QUICK_LAYOUT, tokenFrame } from './frames.ts'
import type { Turn } from './turn.ts'
import { tokenFrames, wholeAnswer } from './whole-answer.ts'

/** An answer without thinking, the family of transcript T1 (spec/upstream-chat.md §6). */
export function plainAnswer(turn: Turn, text: string): readonly Frame[] {
  return wholeAnswer(turn, { layout: QUICK_LAYOUT, frames: tokenFrames(turn, text), message: text })
}

/** An answer that says nothing: the stream is whole, but holds no token with text. */
export function emptyAnswer(turn: Turn): readonly Frame[] {
  return wholeAnswer(turn, { layout: QUICK_LAYOUT, frames: [tokenFrame(turn, '')], message: '' })
}
