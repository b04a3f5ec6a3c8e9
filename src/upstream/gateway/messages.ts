import type { Mode } from '../../core/model.ts'
import type { ConversationPlace } from '../chat-call.ts'

/** The session that is asked for. */
export interface SessionOptions {
  readonly eventId: string
  readonly mode: Mode
  /** A new conversation is not kept in the account's history. */
  readonly temporary: boolean
  /** The account's personal memory is used in a new conversation. */
  readonly memory: boolean
  readonly continues: ConversationPlace | undefined
}

/** The message that opens a session (spec/upstream-chat.md §3.2.3). */
export function encodeSession({ eventId, mode, temporary, memory, continues }: SessionOptions): string {
  const conversation = continues
    ? { conversation_id: continues.conversationId, load_existing: true, needs_history: false }
    : { keep_context: false, is_temporary: temporary, disable_memory: !memory }
  const x_grok = {
    protocol_capabilities: ['conversation_attached', 'custom_methods_v1'],
    use_chunk: true,
    enable_side_by_side: true,
    force_side_by_side: false,
    enable_image_generation: true,
    image_generation_count: 2,
    disable_text_follow_ups: false,
    disable_artifact: true,
    force_concise: false,
    ...conversation,
  }
  return JSON.stringify({
    ...(continues && { session_id: continues.conversationId }),
    event: { type: 'session.create', event_id: eventId, session: { model: mode, x_grok } },
  })
}

/** What the user says. */
export interface TurnOptions {
  readonly sessionId: string
  readonly prompt: string
  readonly fileIds: readonly string[]
  readonly parentResponseId: string | undefined
  readonly messageId: string
  /** Epoch ms. */
  readonly now: number
}

/** The two messages of a turn (spec/upstream-chat.md §3.2.5). */
export function encodeTurn(turn: TurnOptions): readonly string[] {
  const { sessionId: session_id, prompt, fileIds, parentResponseId, messageId, now } = turn
  const mentions = fileIds.map((file_id) => ({ mention: { target: { file_mention: { file_id } } } }))
  const files = fileIds.length > 0 && { file_attachment_ids: fileIds }
  const item = {
    type: 'message',
    role: 'user',
    x_grok: { client_message_id: messageId, input_chunks: [...mentions, { text: { text: prompt } }] },
    ...files,
  }
  const parent = parentResponseId !== undefined && { parent_response_id: parentResponseId }
  const create = { type: 'conversation.item.create', event_id: `evt_msg_${now}`, item, ...files, ...parent }
  const respond = { type: 'response.create', event_id: `evt_resp_${now}` }
  return [create, respond].map((event) => JSON.stringify({ session_id, event }))
}

/** The sign of life that the server expects (spec/upstream-chat.md §3.2.1). */
export function encodePing(now: number): string {
  return JSON.stringify({ event: { type: 'ping', event_id: `evt_hb_${now}` } })
}

/** The answer to a ping of the server. */
export function encodePong(eventId: string): string {
  return JSON.stringify({ event: { type: 'pong', event_id: eventId } })
}
