import type { FaultAction } from '../state/faults.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import type { RoundFrame } from './round.ts'

const RATE_LIMIT_CODE = 8
const NORMAL_CLOSE = 1000

/** How a round goes over the socket. */
export interface DisturbedRound {
  readonly frames: readonly { readonly build: () => object }[]
  /** What comes after them: nothing (the socket stays open), an end of the connection, or silence. */
  readonly end: 'open' | 'silence' | 'drop' | { readonly closeCode: number }
}

/** An error frame, spec/upstream-media.md §4.4.3. */
export function errorOf(err_code: string, err_msg: string): object {
  return { type: 'error', err_code, err_msg }
}

/** The error frame that stands in the place of a whole round, or null. */
export function refusalOf(actions: readonly FaultAction[], { inBandError }: DeliveryPlan): object | null {
  const http = actions.find((action) => action.type === 'http')
  if (http !== undefined) {
    const isRateLimit = http.kind === 'rate-limited'
    return errorOf(isRateLimit ? 'rate_limit_exceeded' : 'upstream_error', http.kind)
  }
  if (inBandError === null) return null
  const code = inBandError.code === RATE_LIMIT_CODE ? 'rate_limit_exceeded' : 'upstream_error'
  return errorOf(code, inBandError.message)
}

/** The frames of a round with the faults that concern the wire. */
export function disturbRound(
  frames: readonly RoundFrame[],
  plan: DeliveryPlan,
  refusal: object | null,
): DisturbedRound {
  if (refusal !== null) return { frames: [{ build: () => refusal }], end: 'open' }
  const fault = plan.media.find(({ effect }) => effect === 'error-frame' || effect === 'close')
  const before = frames.slice(0, fault?.count ?? frames.findIndex(({ stage }) => stage === 'preview') + 1)
  if (fault?.effect === 'error-frame') {
    const error = errorOf(String(fault.code ?? 'upstream_error'), fault.message ?? 'Image generation failed')
    return { frames: [...before, { build: () => error }], end: 'open' }
  }
  if (fault?.effect === 'close')
    return { frames: before, end: { closeCode: Number(fault.code ?? NORMAL_CLOSE) } }
  if (plan.media.some(({ effect }) => effect === 'preview-only')) {
    return { frames, end: { closeCode: NORMAL_CLOSE } }
  }
  if (plan.stop === null) return { frames, end: 'open' }
  const kept = frames.slice(0, plan.stop.afterFrames)
  if (plan.stop.how === 'stall') return { frames: kept, end: 'silence' }
  return { frames: kept, end: plan.stop.how === 'reset' ? 'drop' : { closeCode: NORMAL_CLOSE } }
}
