import type { ChatMessage, ContentPart, PastToolCall } from '../../core/chat-request.ts'
import { refuse } from '../chat-door.ts'
import type { BodyContent, BodyMessage, CountBody } from './message-schema.ts'
import { parseBlock, parseParts } from './parse-block.ts'

/** A mark that Claude Code sets before its instructions for its own provider; it changes from turn to turn. */
const BILLING_MARK = /^x-anthropic-billing-header:/i

/** The conversation in our words: the instructions first, and every message where it stands. */
export function parseMessages({ system, messages }: Pick<CountBody, 'system' | 'messages'>): ChatMessage[] {
  const instructions = parseSystem(system)
  const rest = messages.flatMap((message, index) => parseMessage(message, `messages.${index}`))
  if (instructions.length === 0) return rest
  return [{ role: 'system', content: instructions }, ...rest]
}

function parseSystem(system: BodyContent | null | undefined): readonly ContentPart[] {
  return parseParts(system, 'system').filter((part) => part.type !== 'text' || !BILLING_MARK.test(part.text))
}

/** One message of the body; results of tools become messages of their own, in the same order (D-29). */
function parseMessage({ role, content }: BodyMessage, path: string): ChatMessage[] {
  const at = `${path}.content`
  if (role === 'system') return compact([{ role, content: parseParts(content, at) }])
  if (content === null || content === undefined) throw refuse(at, 'must be a string or an array of blocks')
  if (typeof content === 'string') return compact([{ role, content: parseParts(content, at) }])
  return role === 'user' ? parseUser(content, at) : parseAssistant(content, at)
}

type Blocks = Exclude<BodyContent, string>

function parseUser(blocks: Blocks, path: string): ChatMessage[] {
  const messages: ChatMessage[] = []
  let parts: ContentPart[] = []
  for (const [index, block] of blocks.entries()) {
    const at = `${path}.${index}`
    const meaning = parseBlock(block, at)
    if (meaning.type === 'tool-call') throw refuse(`${at}.type`, `'${block.type}' is for assistant messages`)
    if (meaning.type === 'parts') parts.push(...meaning.parts)
    else {
      messages.push({ role: 'user', content: parts }, meaning.message)
      parts = []
    }
  }
  return compact([...messages, { role: 'user', content: parts }])
}

function parseAssistant(blocks: Blocks, path: string): ChatMessage[] {
  const parts: ContentPart[] = []
  const toolCalls: PastToolCall[] = []
  for (const [index, block] of blocks.entries()) {
    const at = `${path}.${index}`
    const meaning = parseBlock(block, at)
    if (meaning.type === 'tool-result') throw refuse(`${at}.type`, `'${block.type}' is for user messages`)
    if (meaning.type === 'parts') parts.push(...meaning.parts)
    else toolCalls.push(meaning.call)
  }
  return compact([{ role: 'assistant', content: parts, ...(toolCalls.length > 0 && { toolCalls }) }])
}

/** Without messages of which nothing is left, such as thinking alone. A result of a tool may be empty (D-29). */
function compact(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.filter(
    (message) => message.role === 'tool' || message.content.length > 0 || 'toolCalls' in message,
  )
}
