import type { ChatRequest } from '../../core/chat-request.ts'
import type { OutputFormat } from '../../core/output-format.ts'
import { findNamedModel, refuse, type ChatDefaults } from '../chat-door.ts'
import { findUnknown } from '../ignored-parameters.ts'
import { parseMediaWishes } from '../media-wishes.ts'
import { parseWith } from '../parse-with.ts'
import { parseMessages } from './chat-messages.ts'
import { chatSchema, type ChatBody } from './chat-schema.ts'
import { parseTools } from './chat-tools.ts'

/** How calls of tools are worded in the answer: as now, or as the official API once did. */
export type CallStyle = 'tool-calls' | 'function-call'

/** A chat completion request: what to answer, and in which form. */
export interface ChatCompletionRequest {
  readonly chat: ChatRequest
  /** The name that the caller used for the model; it is given back. */
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly choices: number
  readonly callStyle: CallStyle
  /** Parameters that were sent and have no effect. */
  readonly ignored: readonly string[]
}

/** Parses the body of `POST /v1/chat/completions`; what is not served is refused by name. */
export function parseChatRequest(input: unknown, defaults: ChatDefaults): ChatCompletionRequest {
  const body = parseWith(chatSchema, input)
  const model = findNamedModel(body.model, defaults.aliases)
  refuseUnserved(body)
  const media = parseMediaWishes(model, body, 'text')
  if (media.pictures && (body.n ?? 1) > 1)
    throw refuse('n', 'several pictures are asked for by image_config.n')
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens ?? undefined
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? [])
  const tools = parseTools(body)
  const outputFormat = parseFormat(body.response_format)
  return {
    chat: {
      model,
      messages: parseMessages(body.messages),
      reasoning: body.reasoning_effort ? body.reasoning_effort !== 'none' : defaults.reasoning,
      stop: stop.filter((sequence) => sequence !== ''),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(tools && { tools }),
      ...(outputFormat && { outputFormat }),
      ...media,
    },
    model: body.model,
    stream: body.stream ?? defaults.stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    choices: body.n ?? 1,
    callStyle: body.functions?.length ? 'function-call' : 'tool-calls',
    ignored: [...findIgnored(body), ...findUnknown(input, chatSchema)],
  }
}

/** Fields that would change the answer, but that cannot be honoured: better a clear 400 than a silent no-op. */
function refuseUnserved(body: ChatBody): void {
  if (body.logprobs === true) throw refuse('logprobs', 'the upstream gives no log probabilities')
  if (body.top_logprobs) throw refuse('top_logprobs', 'the upstream gives no log probabilities')
  if (body.audio) throw refuse('audio', 'audio is not served')
  if (body.modalities?.some((modality) => modality !== 'text'))
    throw refuse('modalities', 'only text is served')
  if (body.prediction) throw refuse('prediction', 'predicted outputs are not served')
  if (body.logit_bias && Object.keys(body.logit_bias).length > 0)
    throw refuse('logit_bias', 'the upstream lets nobody weigh its tokens')
}

/** Sampling that the upstream has no word for (spec/upstream-chat.md §3.1.3): clients send it habitually. */
function findIgnored(body: ChatBody): string[] {
  const names = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'seed'] as const
  const ignored: string[] = names.filter((name) => body[name] !== undefined && body[name] !== null)
  return body.store === true ? [...ignored, 'store'] : ignored
}

function parseFormat(format: ChatBody['response_format']): OutputFormat | undefined {
  if (!format || format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json-object' }
  if (!format.json_schema) throw refuse('response_format.json_schema', 'is missing')
  const { name, description, schema } = format.json_schema
  return { type: 'json-schema', name, ...(description && { description }), schema: schema ?? {} }
}
