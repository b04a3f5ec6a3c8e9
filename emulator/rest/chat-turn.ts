import { z } from 'zod'
import { parsePromptTail } from '../answers/prompt.ts'
import type { Turn } from '../answers/turn.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { isMode, type Mode } from '../state/modes.ts'
import type { StoredFile } from '../state/stores.ts'
import { serviceError } from './http-errors.ts'

const MAX_IMAGES = 8

// Only what the service is known to need is checked; unknown fields are accepted and ignored (spec/upstream-chat.md §3.1.2).
const bodySchema = z.object({
  message: z.string(),
  modeId: z.string(),
  temporary: z.boolean().default(true),
  sendFinalMetadata: z.boolean().default(true),
  disableTextFollowUps: z.boolean().default(false),
  imageGenerationCount: z.int().min(1).default(2),
  fileAttachments: z.array(z.string()).default([]),
})

/** Reads a chat body into a turn, or gives the answer that refuses it; a conversation id means that it is continued. */
export function parseChatTurn(
  state: EmulatorState,
  account: Account,
  body: unknown,
  conversationId: string | null,
): Turn | Response {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) return serviceError(400, 3, `Invalid request: ${z.prettifyError(parsed.error)}`)
  const { modeId, fileAttachments } = parsed.data
  if (!isMode(modeId)) return serviceError(400, 3, `Unknown mode: ${modeId}`)
  const files = findFiles(state, account, fileAttachments)
  if (state.behaviour.strictFiles && files.length < fileAttachments.length) {
    return serviceError(404, 5, 'Attached file not found')
  }
  return createTurn(state, account, { ...parsed.data, modeId, files, conversationId })
}

/** What is known of a turn; everything but message and mode has a default. */
export interface TurnFacts {
  readonly message: string
  readonly modeId: Mode
  readonly temporary?: boolean
  readonly sendFinalMetadata?: boolean
  readonly disableTextFollowUps?: boolean
  readonly imageGenerationCount?: number
  readonly fileAttachments?: readonly string[]
  readonly files?: readonly StoredFile[]
  /** The conversation that is continued. */
  readonly conversationId?: string | null
}

/** A turn with new ids. */
export function createTurn(state: EmulatorState, account: Account, facts: TurnFacts): Turn {
  const answeredAt = state.clock.now()
  const { message, modeId, conversationId = null } = facts
  return {
    ...parsePromptTail(message),
    conversationId: conversationId ?? state.ids.next(),
    userResponseId: state.ids.next(),
    responseId: state.ids.next(),
    userId: account.userId,
    mode: modeId,
    message,
    temporary: facts.temporary ?? true,
    sendFinalMetadata: facts.sendFinalMetadata ?? true,
    followUps: facts.disableTextFollowUps !== true,
    imageCount: Math.min(facts.imageGenerationCount ?? 1, MAX_IMAGES),
    fileAttachments: facts.fileAttachments ?? [],
    files: facts.files ?? [],
    opensConversation: conversationId === null,
    iso: (shiftMilliseconds = 0) => new Date(answeredAt + shiftMilliseconds).toISOString(),
    noteDrawing: (id, prompt) => state.drawings.put(id, prompt),
    newId: () => state.ids.next(),
  }
}

/** The account's own files among these. */
export function findFiles(
  state: EmulatorState,
  account: Account,
  ids: readonly string[],
): readonly StoredFile[] {
  return ids.flatMap((id) => {
    const file = state.files.find(id)
    return file === undefined || file.userId !== account.userId ? [] : [file]
  })
}
