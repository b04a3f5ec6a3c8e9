import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { ChatRequest } from '../../../core/chat-request.ts'
import { presentedKey } from '../../auth.ts'
import { openClientChat, type ClientChat } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import type { ResponsesParts } from './responses-parts.ts'

export interface ChatToOpen {
  readonly request: ChatRequest
  readonly preferAccountId: number | undefined
}

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
    owner: ownerOf(c),
    requestId: c.get('requestId'),
    openChat: (chat) => openClientChat(parts, c, chat),
  }
}

/** Whose answers a request may see. Without a key, where none is asked for, everybody is the same owner. */
export function ownerOf(c: Context<ApiEnv>): string {
  const key = presentedKey(c.req.header('authorization'), c.req.header('x-api-key')) ?? ''
  return createHash('sha256').update(key).digest('hex')
}
