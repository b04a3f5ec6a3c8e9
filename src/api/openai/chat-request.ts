import { textMessage, type ChatMessage, type ChatRequest } from '../../core/chat-request.ts'
import { findChatModel, refuse, type ChatDefaults } from '../chat-door.ts'
import { parseWith } from '../parse-with.ts'
import { chatSchema, type ChatBody, type ChatBodyMessage } from './chat-schema.ts'

/** A chat completion request: what to answer, and in which form. */
export interface ChatCompletionRequest {
  readonly chat: ChatRequest
  /** The name that the caller used for the model; it is given back. */
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly choices: number
}

/** Parses the body of `POST /v1/chat/completions`; what is not served is refused by name. */
export function parseChatRequest(input: unknown, defaults: ChatDefaults): ChatCompletionRequest {
  const body = parseWith(chatSchema, input)
  const model = findChatModel(body.model, defaults.aliases)
  refuseUnserved(body)
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens ?? undefined
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? [])
  return {
    chat: {
      model,
      messages: body.messages.map(parseMessage),
      reasoning: body.reasoning_effort ? body.reasoning_effort !== 'none' : defaults.reasoning,
      stop: stop.filter((sequence) => sequence !== ''),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    },
    model: body.model,
    stream: body.stream ?? defaults.stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    choices: body.n ?? 1,
  }
}

/** Fields that would change the answer, but that this version cannot honour: better a clear 400 than a silent no-op. */
function refuseUnserved(body: ChatBody): void {
  const { response_format: format, tool_choice: toolChoice } = body
  if (body.tools?.length) throw refuse('tools', 'tools are not served yet')
  if (toolChoice && toolChoice !== 'none' && toolChoice !== 'auto')
    throw refuse('tool_choice', 'tools are not served yet')
  if (body.functions?.length) throw refuse('functions', 'functions are not served yet')
  if (body.function_call && body.function_call !== 'none')
    throw refuse('function_call', 'functions are not served yet')
  if (format && format.type !== 'text') throw refuse('response_format', `'${format.type}' is not served yet`)
  if (body.logprobs === true) throw refuse('logprobs', 'the upstream gives no log probabilities')
  if (body.top_logprobs) throw refuse('top_logprobs', 'the upstream gives no log probabilities')
  if (body.audio) throw refuse('audio', 'audio is not served')
  if (body.modalities?.some((modality) => modality !== 'text'))
    throw refuse('modalities', 'only text is served')
  if (body.prediction) throw refuse('prediction', 'predicted outputs are not served')
}

const roles: Readonly<
  Record<'developer' | 'system' | 'user' | 'assistant', 'system' | 'user' | 'assistant'>
> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
}

function parseMessage(message: ChatBodyMessage, index: number): ChatMessage {
  const path = `messages.${index}`
  const { role } = message
  if (role === 'tool' || role === 'function') throw refuse(`${path}.role`, 'tools are not served yet')
  if (message.tool_calls?.length) throw refuse(`${path}.tool_calls`, 'tools are not served yet')
  if (message.function_call) throw refuse(`${path}.function_call`, 'functions are not served yet')
  return textMessage(roles[role], parseContent(message.content, path))
}

function parseContent(content: ChatBodyMessage['content'], path: string): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).map((part, index) => {
    if ('text' in part && part.text !== undefined) return part.text
    if ('refusal' in part && part.refusal !== undefined) return part.refusal
    throw refuse(`${path}.content.${index}.type`, `content of type '${part.type}' is not served yet`)
  })
  return texts.join('\n')
}
