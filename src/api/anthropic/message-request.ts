import type { ChatRequest } from '../../core/chat-request.ts'
import type { OutputFormat } from '../../core/output-format.ts'
import { findNamedModel, refuse, type ChatDefaults } from '../chat-door.ts'
import { findUnknown } from '../ignored-parameters.ts'
import { parseMediaWishes } from '../media-wishes.ts'
import { parseWith } from '../parse-with.ts'
import { ThreadUnsupportedError } from './error-body.ts'
import { countSchema, ignoredFields, messageSchema, type CountBody } from './message-schema.ts'
import { parseMessages } from './parse-messages.ts'
import { parseTools } from './parse-tools.ts'

/** A request for a message: what to answer, and in which form. */
export interface MessageRequest {
  readonly chat: ChatRequest
  /** The name that the caller used for the model; it is given back. */
  readonly model: string
  readonly stream: boolean
  /** Fields that were set and have no effect. */
  readonly ignored: readonly string[]
}

/** Parses the body of `POST /v1/messages`; what is not served is refused by name. */
export function parseMessageRequest(input: unknown, defaults: ChatDefaults): MessageRequest {
  const body = parseWith(messageSchema, input)
  const chat = {
    ...parseQuestion(body, defaults),
    stop: body.stop_sequences ?? [],
    maxOutputTokens: body.max_tokens,
  }
  const sent = ignoredFields.filter((name) => body[name] !== undefined && body[name] !== null)
  const ignored = [...sent, ...findUnknown(input, messageSchema)]
  return { chat, model: body.model, stream: body.stream ?? defaults.stream, ignored }
}

/** Parses the body of `POST /v1/messages/count_tokens`. */
export function parseCountRequest(input: unknown, defaults: ChatDefaults): ChatRequest {
  return parseQuestion(parseWith(countSchema, input), defaults)
}

function parseQuestion(body: CountBody, defaults: ChatDefaults): ChatRequest {
  const model = findNamedModel(body.model, defaults.aliases)
  const media = parseMediaWishes(model, body, 'text')
  refuseUnserved(body)
  const outputFormat = parseFormat(body)
  return {
    model,
    messages: parseMessages(body),
    reasoning: showsThinking(body.thinking),
    stop: [],
    ...parseTools(body),
    ...(outputFormat && { outputFormat }),
    ...media,
  }
}

/** Fields that would change the answer, but that cannot be honoured: better a clear 400 than a silent no-op. */
function refuseUnserved({ mcp_servers: servers, container, thread }: CountBody): void {
  if (thread !== undefined && thread !== null) throw new ThreadUnsupportedError()
  if (servers?.length) throw refuse('mcp_servers', 'MCP servers are not served')
  if (container !== undefined && container !== null)
    throw refuse('container', 'there is no code execution here, so there are no containers')
}

/** As in the official API thinking is shown only to those who ask for it (D-24). */
function showsThinking(thinking: CountBody['thinking']): boolean {
  if (!thinking || thinking.type === 'disabled') return false
  return thinking.display !== 'omitted'
}

function parseFormat({ output_config: config, output_format: older }: CountBody): OutputFormat | undefined {
  const format = config?.format ?? older
  return format ? { type: 'json-schema', name: 'answer', schema: format.schema } : undefined
}
