import { encodeBody, type EncodedBody, type Write } from '../wire/encode-writes.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import type { Frame } from './frame.ts'
import { QUICK_LAYOUT, tokenFrame } from './frames.ts'
import type { Turn } from './turn.ts'
import { wholeAnswer } from './whole-answer.ts'

/** The most tokens that `[[tokens:N]]` may ask for. */
export const MAX_COUNTED_TOKENS = 100_000

/** The token of `[[tokens:N]]`, N times. */
export const COUNTED_TOKEN = ' word'

/** The `responseId` of every such answer, so that its token frames are encoded once and shared. */
export const COUNTED_RESPONSE_ID = 'c0000000-0000-4000-8000-00000000c0de'

const MAX_CACHED = 32
const cache = new Map<string, readonly Write[]>()

/** The frames of an answer of exactly `count` plain tokens. */
export function countedAnswer(turn: Turn, count: number): readonly Frame[] {
  const token = tokenFrame(turn, COUNTED_TOKEN)
  const frames = Array.from({ length: count }, () => token)
  return wholeAnswer(turn, { layout: QUICK_LAYOUT, frames, message: COUNTED_TOKEN.repeat(count) })
}

/**
 * The same answer as bytes. Benchmarks use it, so the token frames are encoded once per count and shared between requests;
 * null when the plan disturbs the frames and the long way must be taken.
 */
export function countedBody(turn: Turn, count: number, plan: DeliveryPlan): EncodedBody | null {
  const { framing, stop, inBandError } = plan
  const isPlain = framing.newline && !framing.dataPrefix && !framing.done && framing.cutBytes === null
  const isWhole = framing.end === 'full' && framing.softStop === 'own-frame' && framing.messageTag === 'final'
  if (!isPlain || !isWhole || stop !== null || inBandError !== null) return null
  const frames = wholeAnswer(turn, {
    layout: QUICK_LAYOUT,
    frames: [],
    message: COUNTED_TOKEN.repeat(count),
  })
  const softStop = frames.findIndex((frame) => frame.role === 'soft-stop')
  const tokens = cachedTokens(turn, count, plan)
  const before = encodeBody(frames.slice(0, softStop), plan)
  const after = encodeBody(frames.slice(softStop), plan)
  return { writes: [...before.writes, ...tokens, ...after.writes], end: 'close' }
}

function cachedTokens(turn: Turn, count: number, plan: DeliveryPlan): readonly Write[] {
  const key = `${count} ${plan.framesPerWrite}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const token = tokenFrame(turn, COUNTED_TOKEN)
  const { writes } = encodeBody(
    Array.from({ length: count }, () => token),
    plan,
  )
  if (cache.size >= MAX_CACHED) cache.clear()
  cache.set(key, writes)
  return writes
}
