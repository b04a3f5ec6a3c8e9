import type { Model } from './model.ts'

/** Who speaks; `developer` of the OpenAI dialect is `system` here. */
export type ChatRole = 'system' | 'user' | 'assistant'

/** One turn of a conversation, its text parts already joined. */
export interface ChatMessage {
  readonly role: ChatRole
  readonly text: string
}

/** A chat request in our words, after a door has parsed it. */
export interface ChatRequest {
  readonly model: Model
  readonly messages: readonly ChatMessage[]
  /** Whether thinking is part of the answer. */
  readonly reasoning: boolean
  /** The answer ends before the first of these. */
  readonly stop: readonly string[]
  /** The answer ends after this many tokens (estimated). */
  readonly maxOutputTokens?: number
}
