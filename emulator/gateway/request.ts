import { z } from 'zod'

const MAX_IMAGES = 8
const text = z.string().min(1)
const fileIds = z.array(text).optional()

// Known fields are typed strictly, unknown ones pass (spec/upstream-chat.md §12).
const sessionSchema = z.object({
  session_id: text.optional(),
  event: z.object({
    type: z.literal('session.create'),
    event_id: text,
    session: z.object({
      model: text,
      x_grok: z.object({
        protocol_capabilities: z.array(z.string()).default([]),
        use_chunk: z.boolean().default(false),
        image_generation_count: z.int().min(1).max(MAX_IMAGES).default(2),
        disable_text_follow_ups: z.boolean().default(false),
        is_temporary: z.boolean().default(false),
        conversation_id: text.optional(),
        load_existing: z.boolean().default(false),
      }),
    }),
  }),
})

const chunkSchema = z.union([
  z.strictObject({ text: z.object({ text: z.string() }) }),
  z.strictObject({
    mention: z.object({ target: z.object({ file_mention: z.object({ file_id: text }) }) }),
  }),
])

const itemSchema = z.object({
  session_id: text,
  event: z.object({
    type: z.literal('conversation.item.create'),
    event_id: text,
    item: z.object({
      type: z.literal('message'),
      role: z.literal('user'),
      x_grok: z.object({ client_message_id: z.uuid(), input_chunks: z.array(chunkSchema).min(1) }),
      file_attachment_ids: fileIds,
    }),
    file_attachment_ids: fileIds,
    parent_response_id: text.optional(),
  }),
})

const responseSchema = z.object({
  session_id: text,
  event: z.object({ type: z.literal('response.create'), event_id: text }),
})

const pingSchema = z.object({ event: z.object({ type: z.enum(['ping', 'pong']), event_id: text }) })

/** The session that a client asks for, spec/upstream-chat.md §3.2.3. */
export interface SessionRequest {
  readonly type: 'session'
  readonly eventId: string
  readonly mode: string
  /** The conversation that is to go on; null for a new one. */
  readonly conversationId: string | null
  readonly usesChunks: boolean
  readonly announcesConversation: boolean
  readonly imageCount: number
  readonly followUps: boolean
  readonly temporary: boolean
}

/** The user's turn, spec/upstream-chat.md §3.2.5. */
export interface ItemRequest {
  readonly type: 'item'
  readonly sessionId: string
  readonly text: string
  readonly fileIds: readonly string[]
  readonly parentResponseId: string | null
}

/** A message of the client. */
export type GatewayMessage =
  | SessionRequest
  | ItemRequest
  | { readonly type: 'response'; readonly sessionId: string; readonly eventId: string }
  | { readonly type: 'ping' | 'pong'; readonly eventId: string }
  | { readonly type: 'invalid'; readonly message: string }

/** Reads one message of the client. */
export function parseGatewayMessage(body: unknown): GatewayMessage {
  const kind = z.object({ event: z.object({ type: z.string() }) }).safeParse(body)
  if (!kind.success) return invalid(kind.error)
  switch (kind.data.event.type) {
    case 'session.create':
      return parseSession(body)
    case 'conversation.item.create':
      return parseItem(body)
    case 'response.create': {
      const parsed = responseSchema.safeParse(body)
      if (!parsed.success) return invalid(parsed.error)
      return { type: 'response', sessionId: parsed.data.session_id, eventId: parsed.data.event.event_id }
    }
    case 'ping':
    case 'pong': {
      const parsed = pingSchema.safeParse(body)
      if (!parsed.success) return invalid(parsed.error)
      return { type: parsed.data.event.type, eventId: parsed.data.event.event_id }
    }
    default:
      return { type: 'invalid', message: `Unknown event type: ${kind.data.event.type}` }
  }
}

function parseSession(body: unknown): GatewayMessage {
  const parsed = sessionSchema.safeParse(body)
  if (!parsed.success) return invalid(parsed.error)
  const { session_id: sessionId, event } = parsed.data
  const { model, x_grok: options } = event.session
  const conversationId = options.load_existing ? (options.conversation_id ?? null) : null
  if (options.load_existing && (conversationId === null || conversationId !== sessionId)) {
    return { type: 'invalid', message: 'session_id and conversation_id must be equal to load a conversation' }
  }
  return {
    type: 'session',
    eventId: event.event_id,
    mode: model,
    conversationId,
    usesChunks: options.use_chunk,
    announcesConversation: options.protocol_capabilities.includes('conversation_attached'),
    imageCount: options.image_generation_count,
    followUps: !options.disable_text_follow_ups,
    temporary: options.is_temporary,
  }
}

function parseItem(body: unknown): GatewayMessage {
  const parsed = itemSchema.safeParse(body)
  if (!parsed.success) return invalid(parsed.error)
  const { session_id: sessionId, event } = parsed.data
  const chunks = event.item.x_grok.input_chunks
  const mentioned = chunks.flatMap((chunk) =>
    'mention' in chunk ? [chunk.mention.target.file_mention.file_id] : [],
  )
  const texts = chunks.flatMap((chunk) => ('text' in chunk ? [chunk.text.text] : []))
  const lists = [event.item.file_attachment_ids ?? [], event.file_attachment_ids ?? []]
  const areAllAlike = lists.every((list) => list.join('\n') === mentioned.join('\n'))
  const last = chunks.at(-1)
  if (texts.length !== 1 || last === undefined || !('text' in last)) {
    return { type: 'invalid', message: 'input_chunks must end with their only text' }
  }
  if (!areAllAlike) return { type: 'invalid', message: 'mentions and file_attachment_ids must be the same' }
  return {
    type: 'item',
    sessionId,
    text: texts[0] ?? '',
    fileIds: mentioned,
    parentResponseId: event.parent_response_id ?? null,
  }
}

function invalid(error: z.ZodError): GatewayMessage {
  return { type: 'invalid', message: z.prettifyError(error) }
}
