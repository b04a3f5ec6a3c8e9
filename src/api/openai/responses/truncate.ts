import type { ChatMessage, ChatRequest } from '../../../core/chat-request.ts'
import { GatewayError } from '../../../core/error.ts'
import type { ClientChat } from '../../chat-door.ts'

/** Cuts of one conversation at most; each takes the older half of what is left. */
const MAX_CUTS = 10

/** Opens a chat; with `truncation: "auto"` a conversation that is too long loses its oldest messages until it fits. */
export async function openTruncated(
  request: ChatRequest,
  open: (request: ChatRequest) => Promise<ClientChat>,
): Promise<ClientChat> {
  let { messages } = request
  for (let cuts = 0; ; cuts++) {
    try {
      return await open({ ...request, messages })
    } catch (thrown) {
      const shorter = dropOlderHalf(messages)
      const isTooLong = thrown instanceof GatewayError && thrown.code === 'context_length_exceeded'
      if (!isTooLong || cuts >= MAX_CUTS || !shorter) throw thrown
      messages = shorter
    }
  }
}

/**
 * Without the older half of a conversation: instructions stay, and so does the last message. A tool's result never stays
 * without the call. Undefined when nothing is left to drop.
 */
export function dropOlderHalf(messages: readonly ChatMessage[]): readonly ChatMessage[] | undefined {
  const turns = messages.filter(({ role }) => role !== 'system')
  if (turns.length < 2) return undefined
  const half = turns.slice(Math.ceil(turns.length / 2))
  const firstKept = half.find(({ role }) => role !== 'tool')
  if (!firstKept) return undefined
  const start = messages.indexOf(firstKept)
  return messages.filter((message, index) => index >= start || message.role === 'system')
}
