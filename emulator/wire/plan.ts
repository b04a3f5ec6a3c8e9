import { assertNever } from '../state/assert-never.ts'
import { withFraming, type Behaviour, type Framing } from '../state/behaviour.ts'
import type { FaultAction, GatewayEffect, InBandError, MediaFault } from '../state/faults.ts'

/** Where and how a body stops before its end. */
export interface Stop {
  /** `stall` sends nothing more; `reset` is a TCP reset; `close` ends the body as if it were whole. */
  readonly how: 'stall' | 'reset' | 'close'
  /** Whole frames that are sent before. */
  readonly afterFrames: number
  /** Bytes that are sent before; wins over afterFrames. */
  readonly atByte?: number
  /** Half of the next frame is sent too. */
  readonly insideFrame: boolean
}

/** How the answer of one request travels; behaviour, faults and scenario words each add to it, in this order. */
export interface DeliveryPlan {
  readonly paceMilliseconds: number
  readonly framesPerWrite: number
  readonly headersDelayMilliseconds: number
  readonly firstFrameDelayMilliseconds: number
  readonly framing: Framing
  readonly stop: Stop | null
  readonly inBandError: InBandError | null
  /** What goes wrong with the pictures or clips themselves. */
  readonly media: readonly MediaFault[]
  /** What goes wrong on the chat gateway only. */
  readonly gateway: readonly GatewayEffect[]
}

/** The plan of a request that nothing disturbs. */
export function planFromBehaviour(behaviour: Behaviour): DeliveryPlan {
  return {
    paceMilliseconds: behaviour.paceMilliseconds,
    framesPerWrite: behaviour.framesPerWrite,
    headersDelayMilliseconds: 0,
    firstFrameDelayMilliseconds: 0,
    framing: behaviour.framing,
    stop: null,
    inBandError: null,
    media: [],
    gateway: [],
  }
}

/** The plan with the faults that hit the request; those that answer by themselves (`http`, `reset`) change nothing here. */
export function planWithFaults(plan: DeliveryPlan, actions: readonly FaultAction[]): DeliveryPlan {
  return actions.reduce(withFault, plan)
}

/** False for a turn that is refused before any answer; it costs nothing. */
export function isAccepted({ inBandError, media }: DeliveryPlan): boolean {
  if (media.some(({ effect }) => effect === 'nested-usage-limit')) return false
  return inBandError === null || inBandError.at === 'late' || inBandError.at === 'final-message'
}

function withFault(plan: DeliveryPlan, action: FaultAction): DeliveryPlan {
  switch (action.type) {
    case 'latency':
      return {
        ...plan,
        headersDelayMilliseconds: action.headersMilliseconds,
        firstFrameDelayMilliseconds: action.firstFrameMilliseconds,
      }
    case 'pace':
      return { ...plan, paceMilliseconds: action.milliseconds }
    case 'stall':
      return { ...plan, stop: stopAt('stall', action) }
    case 'cut':
      return { ...plan, stop: stopAt(action.how, action) }
    case 'framing':
      return { ...plan, framing: withFraming(plan.framing, action.framing) }
    case 'in-band-error':
      return { ...plan, inBandError: action }
    case 'media':
      return { ...plan, media: [...plan.media, action] }
    case 'gateway':
      return { ...plan, gateway: [...plan.gateway, action.effect] }
    case 'http':
    case 'http-custom':
    case 'reset':
      return plan
    default:
      return assertNever(action)
  }
}

interface StopPlace {
  readonly afterFrames?: number | undefined
  readonly atByte?: number | undefined
  readonly insideFrame?: boolean
}

function stopAt(how: Stop['how'], place: StopPlace): Stop {
  const stop = { how, afterFrames: place.afterFrames ?? 0, insideFrame: place.insideFrame ?? false }
  return place.atByte === undefined ? stop : { ...stop, atByte: place.atByte }
}
