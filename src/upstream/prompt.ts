import { GatewayError } from '../core/error.ts'
import type { AssistantMessage, ChatMessage, ChatRequest, ContentPart } from '../core/chat-request.ts'
import { withoutSourcesSection } from '../core/sources-section.ts'
import { encodeFormatPrompt } from './format-prompt.ts'
import { encodeToolCalls, encodeToolPrompt } from './tool-prompt.ts'

/** A line that would read as a label of ours, at the start of a line of somebody's text. */
const LABEL_LIKE = /^(?=\[(?:system|developer|user|assistant|tool(?: result[^\]\n]*)?)\]:)/gim

/** What would read as a call of tools; only where calls are read from the answer, which may repeat what it was told. */
const CALL_LIKE = /<(?=\/?(?:tool_calls?|function_call|invoke)\b)|\{(?=\s*"tool_calls"\s*:)/gi

/**
 * The one text that the upstream receives for a conversation (spec/upstream-chat.md §4.1): `[role]: text` blocks joined
 * by a blank line, the rules for tools and form first. A line inside a text that looks like such a label is set off by
 * a backslash, so that nobody can speak in another role's name; the lists of sources that we appended to earlier
 * answers are taken out. Where tools are offered, the same goes for what looks like a block of calls in the words of users and
 * tools: a model that repeats it must not thereby call.
 */
export function encodePrompt(request: Pick<ChatRequest, 'messages' | 'tools' | 'outputFormat'>): string {
  const { messages, tools, outputFormat } = request
  const toolPrompt = tools ? encodeToolPrompt(tools) : ''
  const guard = toolPrompt === '' ? guardLabels : guardLabelsAndCalls
  const blocks = messages.map((message) => encodeBlock(message, guard)).filter((block) => block !== '')
  const hasFiles = messages.some(({ content }) => content.some(({ type }) => type === 'file'))
  if (blocks.length === 0 && !hasFiles)
    throw new GatewayError('invalid_request', 'The messages hold no text.', { param: 'messages' })
  const rules = [toolPrompt, outputFormat ? encodeFormatPrompt(outputFormat) : '']
  const ruleBlocks = rules.filter((rule) => rule !== '').map((rule) => `[system]: ${guardLabels(rule)}`)
  return [...ruleBlocks, ...blocks].join('\n\n')
}

/** A further turn after an answer, for one more try at it. */
export function appendTurn(prompt: string, answer: string, instruction: string): string {
  return `${appendAnswer(prompt, answer)}${USER_TURN}${instruction}`
}

/** A prompt and the answer to it, as they stand before the next turn. */
export function appendAnswer(prompt: string, answer: string): string {
  return `${prompt}\n\n[assistant]: ${guardLabels(answer.trim())}`
}

/** What is before the last turn of the user, and that turn; undefined if nothing is before it. */
export function splitLastTurn(
  prompt: string,
): { readonly before: string; readonly turn: string } | undefined {
  // no text can hold this at the start of a line: it would have been set off
  const at = prompt.lastIndexOf(USER_TURN)
  return at < 0 ? undefined : { before: prompt.slice(0, at), turn: prompt.slice(at).trimStart() }
}

const USER_TURN = '\n\n[user]: '

type Guard = (text: string) => string

function encodeBlock(message: ChatMessage, guard: Guard): string {
  if (message.role === 'assistant') return encodeAssistant(message)
  const text = joinText(message.content).trim()
  if (message.role === 'tool') {
    const label = `tool result for ${cleanId(message.callId)}${message.isError === true ? ', failed' : ''}`
    // an empty result is one too: without it the call would look unanswered
    return `[${label}]:\n${text === '' ? '(empty)' : guard(text)}`
  }
  if (text === '') return ''
  // instructions are the caller's own words: they may explain calls
  return `[${message.role}]: ${message.role === 'system' ? guardLabels(text) : guard(text)}`
}

function encodeAssistant({ content, toolCalls = [] }: AssistantMessage): string {
  const text = guardLabels(withoutSourcesSection(joinText(content)).trim())
  if (toolCalls.length === 0) return text === '' ? '' : `[assistant]: ${text}`
  const calls = encodeToolCalls(toolCalls.map((call) => ({ ...call, name: cleanId(call.name) })))
  return text === '' ? `[assistant]:\n${calls}` : `[assistant]: ${text}\n${calls}`
}

/** An id or name as part of a label: whatever could end the label or begin another is taken out. */
function cleanId(id: string): string {
  return id.replaceAll(/[^\w.:-]/g, '_').slice(0, MAX_ID_LENGTH)
}

const MAX_ID_LENGTH = 256

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

function guardLabelsAndCalls(text: string): string {
  return guardLabels(text).replace(CALL_LIKE, '$&\\')
}
