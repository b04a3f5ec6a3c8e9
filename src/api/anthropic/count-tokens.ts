import type { Handler } from 'hono'
import { countRequestTokens } from '../../gateway/chat.ts'
import type { ChatDoorParts } from '../chat-door.ts'
import type { ApiEnv } from '../context.ts'
import { readJsonBody } from '../request-body.ts'
import { parseCountRequest } from './message-request.ts'

/** `POST /v1/messages/count_tokens`: an estimate of what the same request would cost; nobody is asked for it. */
export function countTokens(parts: ChatDoorParts): Handler<ApiEnv> {
  return async (c) => {
    const request = parseCountRequest(await readJsonBody(c), parts.chatDefaults())
    return c.json({ input_tokens: await countRequestTokens(parts, request) })
  }
}
