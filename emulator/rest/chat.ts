import { Hono } from 'hono'
import { chooseAnswer } from '../answers/choose-answer.ts'
import { countedBody, COUNTED_RESPONSE_ID, MAX_COUNTED_TOKENS } from '../answers/counted-tokens.ts'
import { numberArgument, parseScenarioWords, type ScenarioWords } from '../answers/scenario-words.ts'
import type { Turn } from '../answers/turn.ts'
import { usageLimitFrames } from '../media/media-frames.ts'
import { isWithheld } from '../media/start-generation.ts'
import { parseMediaRequest } from '../media/media-request.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { errorFrameOf, withFramingMalice, withInBandError } from '../wire/disturb-frames.ts'
import { encodeBody, type EncodedBody } from '../wire/encode-writes.ts'
import { isAccepted, planWithFaults, type DeliveryPlan } from '../wire/plan.ts'
import { actionsFromWords } from '../wire/scenario-plan.ts'
import { requireAccount } from './auth.ts'
import { parseChatTurn } from './chat-turn.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { httpError, responseOfFault, serviceError } from './http-errors.ts'
import { answerMedia } from './media-answer.ts'
import { streamBody } from './stream-body.ts'

/** New conversation (E1) and continuation (E2), spec/upstream-chat.md §3.1 and §5.1. */
export function chatRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>()
    .post('/rest/app-chat/conversations/new', requireAccount(state), (c) => answerChat(state, c, null))
    .post('/rest/app-chat/conversations/:id/responses', requireAccount(state), (c) => {
      const conversation = state.conversations.find(c.req.param('id'))
      const isOwn = conversation?.userId === c.get('account').userId
      if (conversation === undefined || !isOwn) return serviceError(404, 5, 'Conversation not found')
      return answerChat(state, c, conversation.conversationId)
    })
}

function answerChat(state: EmulatorState, c: ProductContext, conversationId: string | null): Response {
  const account = c.get('account')
  const media = parseMediaRequest(c.get('exchange').body)
  if (media.type === 'wrong') return serviceError(400, 3, `Invalid request: ${media.message}`)
  if (media.type === 'media') return answerMedia(state, c, media.request)
  const parsed = parseChatTurn(state, account, c.get('exchange').body, conversationId)
  if (parsed instanceof Response) return parsed
  const words = parseScenarioWords(parsed.lastUserText)
  const turn = words.has('tokens') ? { ...parsed, responseId: COUNTED_RESPONSE_ID } : parsed
  const hasMode = state.quotas.view(account, turn.mode) !== undefined
  if (!hasMode) return serviceError(400, 3, `Mode ${turn.mode} is not available for this account`)
  const actions = actionsFromWords(words)
  for (const action of actions) {
    const response = responseOfFault(action)
    if (response !== null) return response
  }
  const plan = planWithFaults(c.get('exchange').plan, actions)
  if (isAccepted(plan) && !state.spendTurn(account, turn.mode)) {
    if (state.behaviour.rateLimitStyle === 'http') {
      return httpError('rate-limited', state.turnWaitSeconds(account, turn.mode))
    }
    const error = errorFrameOf({ code: 8, message: 'Too many requests', nesting: 'top' })
    return streamBody(state, c, { body: encodeBody([error], plan), plan })
  }
  const { userId } = account
  state.conversations.put(turn.conversationId, {
    conversationId: turn.conversationId,
    userId,
    createdAt: turn.iso(),
  })
  return streamBody(state, c, { body: answerBody(turn, words, plan), plan })
}

function answerBody(turn: Turn, words: ScenarioWords, plan: DeliveryPlan): EncodedBody {
  const count = numberArgument(words, 'tokens', MAX_COUNTED_TOKENS)
  const counted = count === null ? null : countedBody(turn, count, plan)
  if (counted !== null) return counted
  if (plan.media.some(({ effect }) => effect === 'nested-usage-limit')) {
    return encodeBody(usageLimitFrames(turn), plan)
  }
  const frames = chooseAnswer(turn, words, (index) => isWithheld(plan.media, index))
  const erring = plan.inBandError === null ? frames : withInBandError(frames, plan.inBandError, turn)
  return encodeBody(withFramingMalice(erring, plan.framing), plan)
}
