import type { Mode } from '../state/modes.ts'
import type { StoredFile } from '../state/stores.ts'

/** One chat turn as the answer writers see it. */
export interface Turn {
  readonly conversationId: string
  readonly userResponseId: string
  readonly responseId: string
  readonly userId: string
  readonly mode: Mode
  /** The whole flattened prompt, as it came. */
  readonly message: string
  /** The text of the last user turn inside it. */
  readonly lastUserText: string
  /** The text of a tool result that stands after the last user turn, if any. */
  readonly toolResult: string | null
  readonly temporary: boolean
  readonly sendFinalMetadata: boolean
  readonly followUps: boolean
  readonly imageCount: number
  readonly fileAttachments: readonly string[]
  readonly files: readonly StoredFile[]
  /** False on E2, whose stream opens no conversation, spec/upstream-chat.md §3.1.4. */
  readonly opensConversation: boolean
  /** The current time plus a shift, as RFC 3339. */
  readonly iso: (shiftMilliseconds?: number) => string
  /** Notes what a picture of the answer shows, by the id in its path. */
  readonly noteDrawing: (id: string, prompt: string) => void
  /** A new UUID. */
  readonly newId: () => string
}
