import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { presentedKeys } from '../../auth.ts'
import { openClientChat, type ChatToOpen, type ClientChat } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
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

/**
 * Whose answers a request may see: those of the key that lets it in. Where no key is asked for, everybody without one is
 * the same owner.
 */
export function ownerOf({ apiKeys }: Pick<ResponsesParts, 'apiKeys'>, c: Context<ApiEnv>): string {
  const presented = presentedKeys(c.req.header('authorization'), c.req.header('x-api-key'))
  const accepted = apiKeys()
  const key = presented.find((one) => accepted.includes(one)) ?? presented[0] ?? ''
  return createHash('sha256').update(key).digest('hex')
}
