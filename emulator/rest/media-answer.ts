import { parseScenarioWords, secondsArgument } from '../answers/scenario-words.ts'
import type { Frame } from '../answers/frame.ts'
import type { Turn } from '../answers/turn.ts'
import { assetUrl } from '../media/addresses.ts'
import { checkRequest } from '../media/check-request.ts'
import { editFrames, usageLimitFrames, videoFrames } from '../media/media-frames.ts'
import type { MediaRequest } from '../media/media-request.ts'
import { startEdit, startVideo } from '../media/start-generation.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Generation } from '../state/generations.ts'
import type { MediaKind } from '../state/media-quotas.ts'
import { errorFrameOf, withFramingMalice, withInBandError } from '../wire/disturb-frames.ts'
import { encodeBody } from '../wire/encode-writes.ts'
import { isAccepted, planWithFaults, type DeliveryPlan } from '../wire/plan.ts'
import { actionsFromWords } from '../wire/scenario-plan.ts'
import { createTurn } from './chat-turn.ts'
import type { ProductContext } from './exchange.ts'
import { httpError, responseOfFault, serviceError } from './http-errors.ts'
import { refuseTier } from './media-account.ts'
import { streamBody } from './stream-body.ts'

/** Answers a media body of E2, spec/upstream-media.md §8 and §9. */
export function answerMedia(state: EmulatorState, c: ProductContext, request: MediaRequest): Response {
  const account = c.get('account')
  const tierRefusal = refuseTier(state, account)
  if (tierRefusal !== null) return tierRefusal
  const words = parseScenarioWords(request.message)
  const actions = actionsFromWords(words)
  for (const action of actions) {
    const response = responseOfFault(action)
    if (response !== null) return response
  }
  const ground = checkRequest(state, account, request)
  if (ground.refusal !== null) {
    return serviceError(ground.refusal.status, ground.refusal.code, ground.refusal.message)
  }
  const plan = planWithFaults(c.get('exchange').plan, actions)
  const turn = createTurn(state, account, { message: request.message, modeId: 'auto' })
  if (!isAccepted(plan))
    return stream(state, c, { turn, plan, generations: [], frames: refusedFrames(turn, plan) })
  const kind = quotaKind(request)
  if (!state.mediaQuotas.spend(account, kind)) return exhausted(state, c, { turn, plan, kind })
  const { videoSeconds, imageSeconds } = state.behaviour
  const seconds = secondsArgument(words, request.kind === 'video' ? videoSeconds : imageSeconds)
  const generations = startAll(state, c, { request, turn, plan, seconds, previous: ground.previous })
  const { origin } = new URL(c.req.url)
  const answer = {
    turn,
    generations,
    has: (effect: string) => plan.media.some((fault) => fault.effect === effect),
    assetUrl: (path: string) => assetUrl(state, origin, path),
  }
  const frames = request.kind === 'video' ? videoFrames(answer, request) : editFrames(answer)
  const erring = plan.inBandError === null ? frames : withInBandError(frames, plan.inBandError, turn)
  return stream(state, c, { turn, plan, generations, frames: erring, seconds })
}

function refusedFrames(turn: Turn, plan: DeliveryPlan): readonly Frame[] {
  const frames = usageLimitFrames(turn)
  return plan.inBandError === null ? frames : withInBandError(frames, plan.inBandError, turn)
}

interface Exhausted {
  readonly turn: Turn
  readonly plan: DeliveryPlan
  readonly kind: MediaKind
}

function exhausted(state: EmulatorState, c: ProductContext, { turn, plan, kind }: Exhausted): Response {
  if (state.behaviour.rateLimitStyle === 'http') {
    return httpError('rate-limited', state.mediaQuotas.view(c.get('account'), kind)?.waitTimeSeconds)
  }
  const error = errorFrameOf({ code: 8, message: 'Too many requests', nesting: 'top' })
  return stream(state, c, { turn, plan, generations: [], frames: [error] })
}

function quotaKind(request: MediaRequest): MediaKind {
  if (request.kind === 'image-edit') return 'imageEdit'
  return request.resolution === '720p' ? 'video720p' : 'video'
}

interface Starting {
  readonly request: MediaRequest
  readonly turn: Turn
  readonly plan: DeliveryPlan
  readonly seconds: number
  readonly previous: Generation | null
}

function startAll(state: EmulatorState, c: ProductContext, starting: Starting): readonly Generation[] {
  const { request, turn, plan, seconds, previous } = starting
  const { conversationId } = turn
  const account = c.get('account')
  const common = { state, account, conversationId, faults: plan.media, seconds, previous }
  if (request.kind === 'video') return [startVideo({ ...common, request, slot: 0 })]
  return Array.from({ length: request.count }, (_, slot) => startEdit({ ...common, request, slot }))
}

interface MediaStream {
  readonly turn: Turn
  readonly plan: DeliveryPlan
  readonly generations: readonly Generation[]
  readonly frames: readonly Frame[]
  readonly seconds?: number
}

/** The progress frames share the time of the generation; with the last of them it is over. */
function stream(state: EmulatorState, c: ProductContext, media: MediaStream): Response {
  const { turn, plan, generations, frames, seconds = 0 } = media
  const createdAt = turn.iso()
  state.conversations.put(turn.conversationId, {
    conversationId: turn.conversationId,
    userId: turn.userId,
    createdAt,
  })
  const first = frames.findIndex(({ role }) => role === 'progress')
  const last = frames.findLastIndex(({ role }) => role === 'progress')
  // Without a final frame (preview-only, an error, no address) the stream does not tell that it is over; the clock does.
  const isTold = frames.some(({ role }) => role === 'soft-stop')
  let isOver = false
  const share = (seconds * 1000) / Math.max(1, last - first + 1)
  const body = encodeBody(withFramingMalice(frames, plan.framing), plan)
  return streamBody(
    state,
    c,
    { body, plan },
    {
      paceBeforeFrame: (before) => (before >= first && before <= last ? share : plan.paceMilliseconds),
      onFrames: (sent) => {
        if (!isTold || isOver || sent <= last) return
        isOver = true
        for (const { id } of generations) state.generations.complete(id)
      },
    },
  )
}
