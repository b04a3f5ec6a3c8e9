import type { Frame } from './frame.ts'
import { THINKING_LAYOUT, thinkingFrame, type Thought } from './frames.ts'
import { withoutScenarioWords } from './scenario-words.ts'
import type { Turn } from './turn.ts'
import { tokenFrames, wholeAnswer } from './whole-answer.ts'

const LEADER = 'Grok'

/** An answer after visible thinking, the family of transcript T2 (spec/upstream-chat.md §6). */
export function thinkingAnswer(turn: Turn, text: string, depth: 'little' | 'long'): readonly Frame[] {
  const thoughts = depth === 'little' ? shortThoughts(turn) : longThoughts(turn)
  return wholeAnswer(turn, {
    layout: THINKING_LAYOUT,
    frames: [...thoughts.map((thought) => thinkingFrame(turn, thought)), ...tokenFrames(turn, text)],
    message: text,
    modelResponse: { thinkingStartTime: turn.iso(300), thinkingEndTime: turn.iso(2900) },
  })
}

/** A thought of the leader. */
export function leaderThought(
  messageTag: Thought['messageTag'],
  messageStepId: number,
  token: string,
): Thought {
  return { token, messageTag, messageStepId, rolloutId: LEADER }
}

function shortThoughts(turn: Turn): readonly Thought[] {
  return [
    leaderThought('header', 0, 'Thinking about your request'),
    leaderThought('summary', 0, `- The user asks about ${subject(turn)}.\n`),
  ]
}

function longThoughts(turn: Turn): readonly Thought[] {
  return [
    ...shortThoughts(turn),
    leaderThought('summary', 1, '- Splitting the question into small parts. 先分解问题。\n'),
    leaderThought('header', 2, 'Checking the parts'),
    leaderThought('summary', 2, '- Each part has a short answer.\n'),
    leaderThought('summary', 3, '- Nothing contradicts the first idea ✅\n'),
  ]
}

function subject(turn: Turn): string {
  const words = withoutScenarioWords(turn.lastUserText).replaceAll(/\s+/g, ' ')
  return words === '' ? 'something' : `“${Array.from(words).slice(0, 60).join('')}”`
}
