import type { CollectedAnswer } from '../../core/collect.ts'
import type { Usage } from '../../core/usage.ts'
import { encodeAnnotation, encodeSource, encodeUsage, type CompletionHead } from './chat-chunks.ts'

/** A whole response, `chat.completion` (spec/public-api.md §4.4). */
export function encodeCompletion(head: CompletionHead, answers: readonly CollectedAnswer[], usage: Usage) {
  const sources = answers.flatMap((answer) => answer.sources)
  return {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    system_fingerprint: null,
    choices: answers.map(encodeChoice),
    usage: encodeUsage(usage),
    ...(sources.length > 0 && { search_sources: sources.map(encodeSource) }),
  }
}

function encodeChoice({ text, reasoning, citations, finishReason }: CollectedAnswer, index: number) {
  return {
    index,
    message: {
      role: 'assistant',
      content: text,
      refusal: null,
      annotations: citations.map(encodeAnnotation),
      ...(reasoning !== '' && { reasoning_content: reasoning }),
    },
    logprobs: null,
    finish_reason: finishReason,
  }
}
