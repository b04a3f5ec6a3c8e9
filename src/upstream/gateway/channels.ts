import type { ReasoningKind } from '../../core/chat-event.ts'

const answerChannels: ReadonlySet<unknown> = new Set([
  undefined,
  null,
  '',
  0,
  1,
  'CHANNEL_ASSISTANT_RESPONSE',
])
const HEADING = 3
const SUMMARY = 4

/**
 * What a channel carries: the answer, or a kind of thinking. It may be a number in some builds; whatever is not the
 * answer is thinking (spec/upstream-chat.md §5.2.3).
 */
export function readChannel(channel: unknown): 'answer' | ReasoningKind {
  if (answerChannels.has(channel)) return 'answer'
  const name = typeof channel === 'string' ? channel : ''
  if (channel === HEADING || name.includes('NOTETAKER_HEADER')) return 'heading'
  return channel === SUMMARY || name.includes('NOTETAKER') ? 'summary' : 'raw'
}
