import type { Frame, JsonObject } from './frame.ts'
import {
  conversationFrame,
  finalMetadataFrame,
  layoutFrame,
  llmInfoFrame,
  modelResponseFrame,
  softStopFrame,
  titleFrame,
  tokenFrame,
  userFrame,
  type Layout,
} from './frames.ts'
import { cutText } from './cut-text.ts'
import type { Turn } from './turn.ts'

/** The part of an answer that differs between the families. */
export interface AnswerParts {
  readonly layout: Layout
  /** Thinking, tools, cards and answer tokens in their order. */
  readonly frames: readonly Frame[]
  /** The full raw text, render tags included. */
  readonly message: string
  /** Keys to override or add in `modelResponse`. */
  readonly modelResponse?: JsonObject
}

const MAX_TITLE_CHARACTERS = 40

/** Puts the frames around an answer in the usual order of spec/upstream-chat.md §5.1.4. */
export function wholeAnswer(turn: Turn, parts: AnswerParts): readonly Frame[] {
  const followUps = turn.followUps ? ['Can you give an example?', '能再详细一点吗？'] : []
  return [
    ...opening(turn),
    layoutFrame(turn, parts.layout),
    llmInfoFrame(turn),
    ...parts.frames,
    softStopFrame(turn),
    ...(turn.sendFinalMetadata ? [finalMetadataFrame(turn, followUps)] : []),
    modelResponseFrame(turn, parts.message, parts.modelResponse),
    ...(turn.opensConversation ? [titleFrame(titleFor(turn))] : []),
  ]
}

/** The frames before any answer: the conversation, unless it is continued, and the echo of the user. */
export function opening(turn: Turn): readonly Frame[] {
  return turn.opensConversation ? [conversationFrame(turn), userFrame(turn)] : [userFrame(turn)]
}

/** The answer tokens of a text, cut deterministically into pieces of a few characters. */
export function tokenFrames(turn: Turn, text: string): readonly Frame[] {
  return cutText(text).map((piece) => tokenFrame(turn, piece))
}

function titleFor(turn: Turn): string {
  const words = turn.lastUserText.replaceAll(/\[\[[^\]]*\]\]/g, '').trim()
  const title = Array.from(words).slice(0, MAX_TITLE_CHARACTERS).join('')
  return title === '' ? 'New conversation' : title
}
