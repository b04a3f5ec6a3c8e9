import type { ChatMessage, ChatRequest, ChatRole } from '../../core/chat-request.ts'
import { GatewayError } from '../../core/error.ts'
import type { Model } from '../../core/model.ts'
import { findModel } from '../../core/models.ts'
import { parseWith } from '../parse-with.ts'
import { chatSchema, type ChatBody, type ChatBodyMessage } from './chat-schema.ts'

/** What a caller leaves open is decided by the operator's settings. */
export interface ChatDefaults {
  readonly stream: boolean
  readonly reasoning: boolean
}

/** A chat completion request: what to answer, and in which form. */
export interface ChatCompletionRequest {
  readonly chat: ChatRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly choices: number
}

/** Parses the body of `POST /v1/chat/completions`; what is not served is refused by name. */
export function parseChatRequest(input: unknown, defaults: ChatDefaults): ChatCompletionRequest {
  const body = parseWith(chatSchema, input)
  const model = findChatModel(body.model)
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
    stream: body.stream ?? defaults.stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    choices: body.n ?? 1,
  }
}

function findChatModel(id: string): Model {
  const model = findModel(id)
  if (!model) {
    throw new GatewayError(
      'model_not_found',
      `The model '${id}' does not exist. GET /v1/models lists what there is.`,
      {
        param: 'model',
      },
    )
  }
  if (model.capability !== 'chat')
    throw refusal('model', `'${id}' is not a chat model; this version serves chat models`)
  return model
}

/** Fields that would change the answer, but that this version cannot honour: better a clear 400 than a silent no-op. */
function refuseUnserved(body: ChatBody): void {
  const { response_format: format, tool_choice: toolChoice } = body
  if (body.tools?.length) throw refusal('tools', 'tools are not served yet')
  if (toolChoice && toolChoice !== 'none' && toolChoice !== 'auto')
    throw refusal('tool_choice', 'tools are not served yet')
  if (body.functions?.length) throw refusal('functions', 'functions are not served yet')
  if (body.function_call && body.function_call !== 'none')
    throw refusal('function_call', 'functions are not served yet')
  if (format && format.type !== 'text') throw refusal('response_format', `'${format.type}' is not served yet`)
  if (body.logprobs === true) throw refusal('logprobs', 'the upstream gives no log probabilities')
  if (body.top_logprobs) throw refusal('top_logprobs', 'the upstream gives no log probabilities')
  if (body.audio) throw refusal('audio', 'audio is not served')
  if (body.modalities?.some((modality) => modality !== 'text'))
    throw refusal('modalities', 'only text is served')
  if (body.prediction) throw refusal('prediction', 'predicted outputs are not served')
}

const roles: Readonly<Record<'developer' | 'system' | 'user' | 'assistant', ChatRole>> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
}

function parseMessage(message: ChatBodyMessage, index: number): ChatMessage {
  const path = `messages.${index}`
  const { role } = message
  if (role === 'tool' || role === 'function') throw refusal(`${path}.role`, 'tools are not served yet')
  if (message.tool_calls?.length) throw refusal(`${path}.tool_calls`, 'tools are not served yet')
  if (message.function_call) throw refusal(`${path}.function_call`, 'functions are not served yet')
  return { role: roles[role], text: parseContent(message.content, path) }
}

function parseContent(content: ChatBodyMessage['content'], path: string): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).map((part, index) => {
    if ('text' in part && part.text !== undefined) return part.text
    if ('refusal' in part && part.refusal !== undefined) return part.refusal
    throw refusal(`${path}.content.${index}.type`, `content of type '${part.type}' is not served yet`)
  })
  return texts.join('\n')
}

function refusal(param: string, reason: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${reason}.`, { param })
}
