import type { ToolCall } from '../../core/chat-event.ts'
import type { CollectedAnswer } from '../../core/collect.ts'
import type { Usage } from '../../core/usage.ts'
import {
  encodeAnnotation,
  encodeFinishReason,
  encodeSource,
  encodeToolCall,
  encodeUsage,
  type CallWording,
  type CompletionHead,
} from './chat-chunks.ts'

/** What a whole response says. */
export interface Completion {
  readonly head: CompletionHead
  /** One per choice. */
  readonly answers: readonly CollectedAnswer[]
  readonly usage: Usage
  readonly wording: CallWording
}

/** A whole response, `chat.completion` (spec/public-api.md §4.4). */
export function encodeCompletion({ head, answers, usage, wording }: Completion) {
  const sources = answers.flatMap((answer) => answer.sources)
  return {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    system_fingerprint: null,
    choices: answers.map((answer, index) => encodeChoice(answer, index, wording)),
    usage: encodeUsage(usage),
    ...(sources.length > 0 && { search_sources: sources.map(encodeSource) }),
  }
}

function encodeChoice(answer: CollectedAnswer, index: number, wording: CallWording) {
  const { text, reasoning, citations, toolCalls, refusal, finishReason } = answer
  const isSilent = text === '' && (toolCalls.length > 0 || refusal !== '')
  return {
    index,
    message: {
      role: 'assistant',
      content: isSilent ? null : text,
      refusal: refusal === '' ? null : refusal,
      annotations: citations.map(encodeAnnotation),
      ...encodeCalls(toolCalls, wording),
      ...(reasoning !== '' && { reasoning_content: reasoning }),
    },
    logprobs: null,
    finish_reason: encodeFinishReason(finishReason, wording.style),
  }
}

function encodeCalls(calls: readonly ToolCall[], { style, customTools }: CallWording) {
  const [first] = calls
  if (!first) return {}
  if (style === 'function-call') return { function_call: { name: first.name, arguments: first.input } }
  return { tool_calls: calls.map((call) => encodeToolCall(call, customTools.has(call.name))) }
}
