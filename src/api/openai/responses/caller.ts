import type { Context } from 'hono'
import { openClientChat, type ChatToOpen, type ClientChat } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { ownerOf } from '../owner.ts'
import type { ResponsesParts } from './responses-parts.ts'

/** Who asks for responses, over HTTP or over a socket. */
export interface ResponsesCaller {
  /** Whose answers are kept and seen: a hash of the key. */
  readonly owner: string
  readonly requestId: string
  openChat(chat: ChatToOpen): Promise<ClientChat>
}

/** The caller of an HTTP request. */
export function httpCaller(parts: ResponsesParts, c: Context<ApiEnv>): ResponsesCaller {
  return {
    owner: ownerOf(parts, c),
    requestId: c.get('requestId'),
    openChat: (chat) => openClientChat(parts, c, chat),
  }
}
