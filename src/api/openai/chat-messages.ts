import {
  parseFileUrl,
  type ChatMessage,
  type ContentPart,
  type FileSource,
  type PastToolCall,
} from '../../core/chat-request.ts'
import { refuse } from '../chat-door.ts'
import type { ChatBody, ChatBodyMessage, ChatBodyPart } from './chat-schema.ts'

/** The messages of a chat completion request in our words. */
export function parseMessages(messages: ChatBody['messages']): readonly ChatMessage[] {
  return messages.map(parseMessage)
}

function parseMessage(message: ChatBodyMessage, index: number): ChatMessage {
  const path = `messages.${index}`
  const content = parseContent(message.content, path)
  switch (message.role) {
    case 'developer':
    case 'system':
      return { role: 'system', content }
    case 'user':
      return { role: 'user', content }
    case 'assistant':
      return parseAssistant(message, content, path)
    case 'tool':
      if (!message.tool_call_id) throw refuse(`${path}.tool_call_id`, 'must name the call that this answers')
      return { role: 'tool', callId: message.tool_call_id, content }
    default:
      if (!message.name) throw refuse(`${path}.name`, 'must name the function that this answers')
      return { role: 'tool', callId: message.name, content }
  }
}

function parseAssistant(
  message: ChatBodyMessage,
  content: readonly ContentPart[],
  path: string,
): ChatMessage {
  if (message.audio) throw refuse(`${path}.audio`, 'audio is not served')
  const refusal: ContentPart[] = message.refusal ? [{ type: 'text', text: message.refusal }] : []
  const { function_call: legacy } = message
  const calls = (message.tool_calls ?? []).map((call, index) =>
    parseCall(call, `${path}.tool_calls.${index}`),
  )
  // the legacy form has no ids: its answer names the function instead
  if (legacy) calls.push({ id: legacy.name, name: legacy.name, input: legacy.arguments })
  return { role: 'assistant', content: [...content, ...refusal], toolCalls: calls }
}

type BodyCall = NonNullable<ChatBodyMessage['tool_calls']>[number]

function parseCall(call: BodyCall, path: string): PastToolCall {
  if (call.function) return { id: call.id, name: call.function.name, input: call.function.arguments }
  if (call.custom) return { id: call.id, name: call.custom.name, input: call.custom.input }
  throw refuse(path, 'must hold a function or a custom call')
}

function parseContent(content: ChatBodyMessage['content'], path: string): readonly ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return (content ?? []).map((part, index) => parsePart(part, `${path}.content.${index}`))
}

function parsePart(part: ChatBodyPart, path: string): ContentPart {
  const { image_url: image, file } = part
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text ?? missing(`${path}.text`) }
    case 'refusal':
      return { type: 'text', text: part.refusal ?? missing(`${path}.refusal`) }
    case 'image_url': {
      const url = typeof image === 'string' ? image : image?.url
      return { type: 'file', source: parseUrl(url ?? missing(`${path}.image_url`), path), param: path }
    }
    case 'file':
      return parseFile(file ?? missing(`${path}.file`), path)
    default:
      throw refuse(`${path}.type`, `content of type '${part.type}' is not served`)
  }
}

function parseFile(file: NonNullable<ChatBodyPart['file']>, path: string): ContentPart {
  if (file.file_id) throw refuse(`${path}.file.file_id`, 'stored files are not served; send the data itself')
  const data = file.file_data ?? missing(`${path}.file.file_data`)
  const isUrl = /^(?:data|https?):/i.test(data)
  const source: FileSource = isUrl ? parseUrl(data, path) : { type: 'base64', data }
  return { type: 'file', source, param: path, ...(file.filename && { name: file.filename }) }
}

function parseUrl(url: string, path: string): FileSource {
  const source = parseFileUrl(url)
  if (!source) throw refuse(path, 'a data URI must be base64')
  return source
}

function missing(param: string): never {
  throw refuse(param, 'is missing')
}
