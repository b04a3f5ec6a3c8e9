import { chooseAnswer } from '../answers/choose-answer.ts'
import { COUNTED_RESPONSE_ID } from '../answers/counted-tokens.ts'
import { parseScenarioWords, type ScenarioWords } from '../answers/scenario-words.ts'
import { GATEWAY_TRANSCRIPTS, gatewayTranscript } from '../answers/transcripts.ts'
import type { Turn } from '../answers/turn.ts'
import { usageLimitFrames } from '../media/media-frames.ts'
import { isWithheld } from '../media/start-generation.ts'
import { errorInStream } from '../rest/http-errors.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { FaultAction } from '../state/faults.ts'
import { errorFrameOf, withFramingMalice, withInBandError } from '../wire/disturb-frames.ts'
import { isAccepted, planWithFaults, type DeliveryPlan } from '../wire/plan.ts'
import { actionsFromWords } from '../wire/scenario-plan.ts'
import { deliver, onlyDeltas, type Delivery } from './disturb-events.ts'
import { eventOf, gatewayEvents, type GatewayEvent } from './events.ts'

/** A turn that is to be answered. */
export interface TurnToAnswer {
  readonly turn: Turn
  /** Of the client's `response.create`. */
  readonly requestEventId: string
  readonly usesChunks: boolean
  /** From the handshake: the behaviour, and faults of the whole connection. */
  readonly plan: DeliveryPlan
  /** Faults that hit the turn. */
  readonly faults: readonly FaultAction[]
}

/** What is sent for a turn, and how. */
export interface Answer {
  readonly delivery: Delivery
  readonly plan: DeliveryPlan
}

/** Decides what is said to a turn: the same content as in the older protocol, in events of the gateway. */
export function answerTurn(state: EmulatorState, account: Account, asked: TurnToAnswer): Answer {
  const words = parseScenarioWords(asked.turn.lastUserText)
  const turn = words.has('tokens') ? { ...asked.turn, responseId: COUNTED_RESPONSE_ID } : asked.turn
  const actions = [...asked.faults, ...actionsFromWords(words)]
  const plan = planWithFaults(asked.plan, actions)
  const events = eventsFor(state, account, { ...asked, turn, plan, words, actions })
  const said = asked.usesChunks ? events : onlyDeltas(events)
  return { delivery: deliver(said, turn.conversationId, plan), plan }
}

interface PlannedTurn extends TurnToAnswer {
  readonly words: ScenarioWords
  readonly actions: readonly FaultAction[]
}

function eventsFor(state: EmulatorState, account: Account, asked: PlannedTurn): readonly GatewayEvent[] {
  const { turn, plan, words, actions, requestEventId } = asked
  const http = actions.find((action) => action.type === 'http')
  if (http !== undefined) return [eventOf({ type: 'error', error: errorInStream(http.kind) })]
  const convert = (frames: Parameters<typeof gatewayEvents>[0]) => gatewayEvents(frames, turn, requestEventId)
  if (isAccepted(plan) && !state.spendTurn(account, turn.mode)) {
    return convert([errorFrameOf({ code: 8, message: 'Usage limit reached for this mode', nesting: 'top' })])
  }
  const transcript = GATEWAY_TRANSCRIPTS.find((name) => words.has(name))
  if (transcript !== undefined) return gatewayTranscript(transcript).map(eventOf)
  if (plan.media.some(({ effect }) => effect === 'nested-usage-limit')) return convert(usageLimitFrames(turn))
  const frames = chooseAnswer(turn, words, (index) => isWithheld(plan.media, index))
  const erring = plan.inBandError === null ? frames : withInBandError(frames, plan.inBandError, turn)
  return convert(withFramingMalice(erring, plan.framing))
}
