import { GatewayError } from '../core/error.ts'
import type { AssistantMessage, ChatMessage, ChatRequest, ContentPart } from '../core/chat-request.ts'
import { withoutSourcesSection } from '../core/sources-section.ts'
import { encodeFormatPrompt } from './format-prompt.ts'
import { encodeToolCalls, encodeToolPrompt } from './tool-prompt.ts'

/** A line that would read as a label of ours, at the start of a line of somebody's text. */
const LABEL_LIKE = /^(?=\[(?:system|developer|user|assistant|tool(?: result[^\]\n]*)?)\]:)/gim

/**
 * The one text that the upstream receives for a conversation (spec/upstream-chat.md §4.1): `[role]: text` blocks joined
 * by a blank line, the rules for tools and form first. A line inside a text that looks like such a label is set off by
 * a backslash, so that nobody can speak in another role's name; the lists of sources that we appended to earlier
 * answers are taken out.
 */
export function encodePrompt(request: Pick<ChatRequest, 'messages' | 'tools' | 'outputFormat'>): string {
  const { messages, tools, outputFormat } = request
  const hasFiles = messages.some(({ content }) => content.some(({ type }) => type === 'file'))
  const blocks = messages.map(encodeBlock).filter((block) => block !== '')
  if (blocks.length === 0 && !hasFiles)
    throw new GatewayError('invalid_request', 'The messages hold no text.', { param: 'messages' })
  const rules = [
    ...(tools ? [encodeToolPrompt(tools)] : []),
    ...(outputFormat ? [encodeFormatPrompt(outputFormat)] : []),
  ]
  return [...rules.filter((rule) => rule !== '').map((rule) => `[system]: ${rule}`), ...blocks].join('\n\n')
}

/** A further turn after an answer, for one more try at it. */
export function appendTurn(prompt: string, answer: string, instruction: string): string {
  return [prompt, `[assistant]: ${guardLabels(answer.trim())}`, `[user]: ${instruction}`].join('\n\n')
}

function encodeBlock(message: ChatMessage): string {
  const text = guardLabels(joinText(message.content).trim())
  switch (message.role) {
    case 'assistant':
      return encodeAssistant(message)
    case 'tool':
      // an empty result is one too: without it the call would look unanswered
      return `[tool result for ${message.callId}${message.isError === true ? ', failed' : ''}]:\n${text || '(empty)'}`
    default:
      return text === '' ? '' : `[${message.role}]: ${text}`
  }
}

function encodeAssistant({ content, toolCalls = [] }: AssistantMessage): string {
  const text = guardLabels(withoutSourcesSection(joinText(content)).trim())
  if (toolCalls.length === 0) return text === '' ? '' : `[assistant]: ${text}`
  const calls = encodeToolCalls(toolCalls)
  return text === '' ? `[assistant]:\n${calls}` : `[assistant]: ${text}\n${calls}`
}

/** The text of a message; a named file stands as a note where it was, so that the order of things can be told. */
function joinText(content: readonly ContentPart[]): string {
  return content
    .map((part) => (part.type === 'text' ? part.text : encodeFileNote(part.name)))
    .filter((text) => text !== '')
    .join('\n')
}

function encodeFileNote(name: string | undefined): string {
  return name === undefined ? '' : `(attached: ${name.replaceAll(/[\r\n]+/g, ' ')})`
}

function guardLabels(text: string): string {
  return text.replace(LABEL_LIKE, '\\')
}
