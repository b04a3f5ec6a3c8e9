import type { ChatStream, Citation, FinishReason, Image, Source, ToolCall } from './chat-event.ts'

/** A whole answer: what a stream of events folds to. */
export interface CollectedAnswer {
  readonly text: string
  readonly reasoning: string
  readonly sources: readonly Source[]
  readonly citations: readonly Citation[]
  readonly images: readonly Image[]
  readonly toolCalls: readonly ToolCall[]
  /** Why there is no answer; empty otherwise. */
  readonly refusal: string
  readonly finishReason: FinishReason
}

/** Folds a stream into one answer; it throws what the stream throws. */
export async function collect(stream: ChatStream): Promise<CollectedAnswer> {
  const text: string[] = []
  const reasoning: string[] = []
  const sources: Source[] = []
  const citations: Citation[] = []
  const images: Image[] = []
  const toolCalls: ToolCall[] = []
  let refusal = ''
  let finishReason: FinishReason = 'stop'
  for await (const batch of stream) {
    for (const event of batch) {
      if (event.type === 'text-delta') text.push(event.text)
      else if (event.type === 'reasoning-delta') reasoning.push(event.text)
      else if (event.type === 'source') sources.push(event)
      else if (event.type === 'citation') citations.push(event)
      else if (event.type === 'image') images.push(event)
      else if (event.type === 'tool-call') toolCalls.push(event)
      else if (event.type === 'refusal') refusal += event.text
      else if (event.type === 'finish') finishReason = event.reason
    }
  }
  return {
    text: text.join(''),
    reasoning: reasoning.join(''),
    sources,
    citations,
    images,
    toolCalls,
    refusal,
    finishReason,
  }
}
