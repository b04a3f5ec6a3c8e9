import type { Usage } from '../../../core/usage.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import type { OutputItem } from './output-item.ts'

/** What a response repeats of its request, with the official defaults where the request says nothing. */
export interface RequestEcho {
  readonly instructions: string | null
  readonly previous_response_id: string | null
  readonly tools: readonly JsonObject[]
  readonly tool_choice: string | JsonObject
  readonly parallel_tool_calls: boolean
  readonly truncation: 'auto' | 'disabled'
  readonly text: JsonObject
  readonly reasoning: JsonObject
  readonly temperature: number
  readonly top_p: number
  readonly presence_penalty: number
  readonly frequency_penalty: number
  readonly top_logprobs: number
  readonly max_output_tokens: number | null
  readonly max_tool_calls: number | null
  readonly store: boolean
  readonly background: false
  readonly service_tier: string
  readonly metadata: Readonly<Record<string, string>>
  readonly safety_identifier: string | null
  readonly prompt_cache_key: string | null
  readonly user: string | null
}

/** What is the same in every state of a response. */
export interface ResponseHead {
  readonly id: string
  /** Unix seconds. */
  readonly createdAt: number
  /** The name that the caller used for the model. */
  readonly model: string
  readonly echo: RequestEcho
}

/** Why a response failed: a code that clients act on, and a sentence. */
export interface ResponseFault {
  readonly code: string
  readonly message: string
}

/** How far a response has come. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly OutputItem[]
  readonly usage: Usage | null
  /** Unix seconds; null unless it was completed. */
  readonly completedAt: number | null
  readonly fault: ResponseFault | null
}

/** The state that every response starts in. */
export const startState: ResponseState = {
  status: 'in_progress',
  output: [],
  usage: null,
  completedAt: null,
  fault: null,
}

/** The official response object, complete with every key that the Open Responses specification requires. */
export function encodeResponse({ id, createdAt, model, echo }: ResponseHead, state: ResponseState) {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: state.completedAt,
    status: state.status,
    error: state.fault,
    incomplete_details: state.status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    model,
    output: state.output,
    usage: state.usage && encodeResponseUsage(state.usage),
    ...echo,
  } as const
}

/** A response in the official form. */
export type ResponseObject = ReturnType<typeof encodeResponse>

/** The official usage object; what the upstream does not tell apart is zero. */
export function encodeResponseUsage({ promptTokens, completionTokens, reasoningTokens }: Usage) {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  }
}
