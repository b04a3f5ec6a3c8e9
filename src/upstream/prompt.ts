import { GatewayError } from '../core/error.ts'
import type { ChatMessage, ChatRole } from '../core/chat-request.ts'
import { withoutSourcesSection } from '../core/sources-section.ts'

/** A line that would read as a label of ours, at the start of a line of somebody's text. */
const LABEL_LIKE = /^(?=\[(?:system|developer|user|assistant|tool(?: result[^\]\n]*)?)\]:)/gim

/**
 * The one text that the upstream receives for a conversation (spec/upstream-chat.md §4.1): `[role]: text` blocks joined
 * by a blank line. A line inside a text that looks like such a label is set off by a backslash, so that nobody can
 * speak in another role's name; the lists of sources that we appended to earlier answers are taken out.
 */
export function encodePrompt(messages: readonly ChatMessage[]): string {
  const blocks = messages.map(encodeBlock).filter((block) => block !== '')
  if (blocks.length === 0)
    throw new GatewayError('invalid_request', 'The messages hold no text.', { param: 'messages' })
  return blocks.join('\n\n')
}

function encodeBlock({ role, text }: ChatMessage): string {
  const own = role === 'assistant' ? withoutSourcesSection(text) : text
  const trimmed = own.trim()
  return trimmed === '' ? '' : label(role) + trimmed.replace(LABEL_LIKE, '\\')
}

function label(role: ChatRole): string {
  return `[${role}]: `
}
