import type { Frame } from './frame.ts'
import { plainAnswer } from './plain.ts'
import type { Turn } from './turn.ts'

/** An answer about the attached files, the family of transcript T9 (spec/upstream-chat.md §6). */
export function multimodalAnswer(turn: Turn): readonly Frame[] {
  if (turn.files.length === 0) return plainAnswer(turn, 'I see no attachment. 没有附件。')
  const lines = turn.files.map(
    (file) => `- ${file.fileName}: ${file.contentType}, ${file.bytes.length} bytes`,
  )
  return plainAnswer(
    turn,
    `A lighthouse at dusk 🌅\n\nI received ${lines.length} file(s):\n${lines.join('\n')}`,
  )
}
