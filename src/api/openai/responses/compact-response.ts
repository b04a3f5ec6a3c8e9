import type { Handler } from 'hono'
import { textMessage } from '../../../core/chat-request.ts'
import { collect } from '../../../core/collect.ts'
import { GatewayError } from '../../../core/error.ts'
import { estimateUsage } from '../../../core/usage.ts'
import { newId } from '../../../util/ids.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { findChatModel } from '../../chat-door.ts'
import type { ApiEnv } from '../../context.ts'
import { parseWith } from '../../parse-with.ts'
import { readJsonBody } from '../../request-body.ts'
import { httpCaller } from './caller.ts'
import { packSummary } from './compaction.ts'
import { answerError } from './error-answer.ts'
import { completeItems } from './input-items.ts'
import { newResponseId } from './item-ids.ts'
import { parseConversation } from './parse-conversation.ts'
import { encodeResponseUsage } from './response-object.ts'
import type { ResponsesParts } from './responses-parts.ts'
import { compactSchema } from './schema-body.ts'

const SUMMARY_INSTRUCTION = [
  'Write a summary of the conversation above for the assistant that will go on with it and sees nothing else of it.',
  'Keep every goal, decision, fact, name, number, file and open question that may still matter.',
  'Write the summary only.',
].join(' ')

/** `POST /v1/responses/compact`: the model sums a conversation up; what the user said stays word for word. */
export function compactResponse(parts: ResponsesParts): Handler<ApiEnv> {
  return async (c) => {
    try {
      const body = parseWith(compactSchema, await readJsonBody(c))
      const model = findChatModel(body.model, parts.chatDefaults().aliases)
      const caller = httpCaller(parts, c)
      const shelf = { archive: parts.responses, owner: caller.owner }
      const { messages, input, history } = await parseConversation(body, shelf)
      const { chat } = await caller.openChat({
        preferAccountId: history.accountId,
        request: {
          model,
          messages: [...messages, textMessage('user', SUMMARY_INSTRUCTION)],
          reasoning: false,
          stop: [],
        },
      })
      const { text, reasoning } = await collect(chat.open())
      if (text.trim() === '')
        throw new GatewayError('upstream_unavailable', 'The model gave no summary of the conversation.')
      const usage = await estimateUsage(parts.tokenizer, chat.countPromptTokens(), { text, reasoning })
      const id = newResponseId()
      return c.json({
        id,
        object: 'response.compaction',
        created_at: Math.floor(parts.clock() / 1000),
        output: [
          ...completeItems([...history.items, ...input].filter(isUserMessage), id),
          { type: 'compaction', id: newId('cmp_'), encrypted_content: packSummary(text) },
        ],
        usage: encodeResponseUsage(usage),
      })
    } catch (thrown) {
      return answerError(parts, c, thrown)
    }
  }
}

function isUserMessage({ type, role }: JsonObject): boolean {
  return type === 'message' && role === 'user'
}
