import type { Handler } from 'hono'
import { countRequestTokens } from '../../../gateway/chat.ts'
import { findNamedModel } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { parseWith } from '../../parse-with.ts'
import { readJsonBody } from '../../request-body.ts'
import { ownerOf } from '../owner.ts'
import { answerError } from './error-answer.ts'
import { parseConversation } from './parse-conversation.ts'
import type { ResponsesParts } from './responses-parts.ts'
import { inputTokensSchema } from './schema-body.ts'
import { chatRequestOf } from './turn.ts'

/** The official field is optional, and every model counts alike. */
const ANY_MODEL = 'grok-4.20-auto'

/** `POST /v1/responses/input_tokens`: what a request would cost, without asking anybody. */
export function countInputTokens(parts: ResponsesParts): Handler<ApiEnv> {
  return async (c) => {
    try {
      const body = parseWith(inputTokensSchema, await readJsonBody(c))
      const model = findNamedModel(body.model ?? ANY_MODEL, parts.chatDefaults().aliases)
      const conversation = await parseConversation(body, {
        archive: parts.responses,
        owner: ownerOf(parts, c),
      })
      const count = await countRequestTokens(parts, chatRequestOf(conversation, model))
      return c.json({ object: 'response.input_tokens', input_tokens: count })
    } catch (thrown) {
      return answerError(parts, c, thrown)
    }
  }
}
