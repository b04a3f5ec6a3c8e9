import type { Mode } from '../core/model.ts'
import type { CallerIdentity } from './rest-call.ts'

/** A place in a conversation that the upstream keeps, after one of its answers. */
export interface ConversationPlace {
  readonly conversationId: string
  /** The answer that the next turn follows. */
  readonly responseId: string
}

/** One chat call: who asks (an account), which way, and what. */
export interface ChatCall extends CallerIdentity {
  readonly accountId: number
  readonly mode: Mode
  readonly prompt: string
  /** Files of the account that go with it. */
  readonly fileIds: readonly string[]
  /** A conversation of this account that goes on: the prompt is only what is new. Only the gateway protocol knows it. */
  readonly continues?: ConversationPlace
  /** The upstream began to answer. */
  readonly onServed: () => void
  /** The answer is whole, and this is where it can go on; only the gateway protocol tells. */
  readonly onPlaced?: (place: ConversationPlace) => void
}
