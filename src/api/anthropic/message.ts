import type { Finish } from '../../core/chat-event.ts'
import type { Usage } from '../../core/usage.ts'
import type { AnswerOutcome } from './block-encoder.ts'
import type { ContentBlock } from './message-events.ts'

/** What names an answer. */
export interface MessageHead {
  readonly id: string
  /** As the caller named it. */
  readonly model: string
}

type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'refusal'

/** The whole answer, in the official shape with every key, nullable ones included. */
export function encodeMessage(
  head: MessageHead,
  content: readonly ContentBlock[],
  end: { readonly usage: Usage; readonly outcome: AnswerOutcome },
) {
  const usage = encodeUsage(end.usage, end.outcome.webSearches)
  return { ...encodeHead(head), content, ...encodeStop(end.outcome), usage }
}

/** The answer before its first block, as a stream begins. */
export function encodeMessageStart(head: MessageHead, inputTokens: number) {
  const usage = { promptTokens: inputTokens, completionTokens: 0, reasoningTokens: 0 }
  return {
    type: 'message_start',
    message: {
      ...encodeHead(head),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: encodeUsage(usage, 0),
    },
  } as const
}

/** How an answer ended and what it cost in all, as a stream ends. */
export function encodeMessageDelta(outcome: AnswerOutcome, usage: Usage) {
  return {
    type: 'message_delta',
    delta: { ...encodeStop(outcome), container: null },
    usage: encodeDeltaUsage(usage, outcome.webSearches),
    context_management: null,
  } as const
}

function encodeHead({ id, model }: MessageHead) {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    container: null,
    context_management: null,
    diagnostics: null,
  } as const
}

const stopReasons: Readonly<Record<Finish['reason'], StopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  refusal: 'refusal',
}

function encodeStop({ finish: { reason, stopSequence }, refusal }: AnswerOutcome) {
  const isRefusal = reason === 'refusal'
  return {
    stop_reason: stopSequence === undefined ? stopReasons[reason] : 'stop_sequence',
    stop_sequence: stopSequence ?? null,
    stop_details: isRefusal ? ({ type: 'refusal', category: null, explanation: refusal } as const) : null,
  } as const
}

/** What the upstream does not tell, and what it has no like of, is zero or null. */
function encodeUsage(usage: Usage, webSearches: number) {
  return {
    ...encodeDeltaUsage(usage, webSearches),
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    service_tier: 'standard',
    speed: 'standard',
  } as const
}

function encodeDeltaUsage({ promptTokens, completionTokens, reasoningTokens }: Usage, webSearches: number) {
  return {
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: completionTokens,
    output_tokens_details: { thinking_tokens: reasoningTokens },
    server_tool_use: { web_search_requests: webSearches, web_fetch_requests: 0 },
    iterations: null,
    fallback_credit: null,
  } as const
}
