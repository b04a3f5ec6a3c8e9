import type { Context } from 'hono'
import type { ChatRequest } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import type { MediaLinks } from '../core/media.ts'
import type { Model } from '../core/model.ts'
import { findModel, type ModelAliases } from '../core/models.ts'
import { openChat, type Caller, type Chat, type ChatParts } from '../gateway/chat.ts'
import { openImageChat, type ImageChatParts } from '../gateway/image-chat.ts'
import { openVideoChat, type VideoChatParts } from '../gateway/video-chat.ts'
import type { Clock } from '../util/clock.ts'
import type { ApiEnv } from './context.ts'
import { mediaLinks, type LinkSettings } from './media-links.ts'

/** What a caller leaves open is decided by the operator's settings. */
export interface ChatDefaults {
  readonly stream: boolean
  readonly reasoning: boolean
  readonly aliases: ModelAliases
}

/** What answers of every kind need: words, pictures and films. */
export type AnswerParts = ChatParts & ImageChatParts & VideoChatParts

/** What every chat endpoint needs, whatever its dialect. */
export interface ChatDoorParts extends AnswerParts {
  readonly chatDefaults: () => ChatDefaults
  readonly clock: Clock
  /** How links to kept files begin. */
  readonly linkSettings: () => LinkSettings
}

/** A chat that ends when its client leaves, or when the door says so. */
export interface ClientChat {
  readonly chat: Chat
  /** Breaks off everything that is under way for this client. */
  readonly leave: () => void
}

/** What a chat is asked, and whom if possible: the account of the conversation's earlier turn. */
export interface ChatToOpen {
  readonly request: ChatRequest
  readonly preferAccountId?: number | undefined
}

/** Opens a chat for the client of an HTTP request. */
export function openClientChat(
  parts: ChatDoorParts,
  c: Context<ApiEnv>,
  chat: ChatToOpen,
): Promise<ClientChat> {
  c.env?.allowSilence?.()
  const links = mediaLinks(c, parts.linkSettings())
  return openChatFor(parts, { requestId: c.get('requestId'), signal: c.req.raw.signal, links }, chat)
}

/** Who a chat is opened for. */
export interface ChatClient {
  readonly requestId: string
  readonly signal: AbortSignal
  /** How kept files are linked to, so that this client can open them. */
  readonly links: MediaLinks
}

/** Opens a chat for a client that is there as long as its signal has not fired. */
export async function openChatFor(
  parts: AnswerParts,
  client: ChatClient,
  { request, preferAccountId }: ChatToOpen,
): Promise<ClientChat> {
  const leaving = new AbortController()
  const signal = AbortSignal.any([client.signal, leaving.signal])
  const caller = { ...client, signal, preferAccountId }
  return { chat: await openWhatever(parts, request, caller), leave: () => leaving.abort() }
}

/** Words, pictures or a film, as the request's model has it. */
async function openWhatever(parts: AnswerParts, request: ChatRequest, caller: Caller): Promise<Chat> {
  const { pictures, video } = request
  if (pictures) return openImageChat(parts, { ...request, pictures }, caller)
  if (video) return openVideoChat(parts, { ...request, video }, caller)
  return openChat(parts, request, caller)
}

/** The model that a caller names, by its id or an alias; throws in the caller's words if there is none. */
export function findNamedModel(id: string, aliases: ModelAliases): Model {
  const model = findModel(id, aliases)
  if (model) return model
  const message = `The model '${id}' does not exist. GET /v1/models lists what there is.`
  throw new GatewayError('model_not_found', message, { param: 'model' })
}

/** The model that is to answer with words. */
export function findChatModel(id: string, aliases: ModelAliases): Model {
  const model = findNamedModel(id, aliases)
  if (model.capability === 'chat') return model
  throw refuse('model', `'${id}' is not a chat model`)
}

/** The error for something that a request must not hold, by name. */
export function refuse(param: string, reason: string): GatewayError {
  return new GatewayError('invalid_request', `${param}: ${reason}.`, { param })
}
