import { assertNever } from '../state/assert-never.ts'
import { responseFrame, responseOf, type Frame, type JsonObject } from '../answers/frame.ts'
import { modelResponseFrame } from '../answers/frames.ts'
import type { Turn } from '../answers/turn.ts'
import type { Framing } from '../state/behaviour.ts'
import type { InBandError } from '../state/faults.ts'

const DEFAULT_LATE_TOKENS = 3
const AFTER_END: ReadonlySet<Frame['role']> = new Set([
  'soft-stop',
  'final-metadata',
  'model-response',
  'title',
])

/** The frames with an in-band error put in; nothing follows it, spec/upstream-chat.md §5.1.9 and T6. */
export function withInBandError(frames: readonly Frame[], error: InBandError, turn: Turn): readonly Frame[] {
  const errorFrame = errorFrameOf(error)
  switch (error.at) {
    case 'first':
      return [errorFrame]
    case 'after-echo':
      return [...echoOf(frames), errorFrame]
    case 'late':
      return [...untilToken(frames, error.afterTokens ?? DEFAULT_LATE_TOKENS), errorFrame]
    case 'final-message': {
      const { code, message, afterTokens = 0 } = error
      const before = afterTokens === 0 ? echoOf(frames).slice(0, 1) : untilToken(frames, afterTokens)
      const streamErrors = [{ error: { code, message } }]
      return [...before, modelResponseFrame(turn, textOf(before), { streamErrors })]
    }
    default:
      return assertNever(error.at)
  }
}

/** The frames with the end of the stream and the tags disturbed as the framing says. */
export function withFramingMalice(frames: readonly Frame[], framing: Framing): readonly Frame[] {
  let disturbed = frames
  if (framing.softStop === 'folded') disturbed = foldSoftStop(disturbed)
  if (framing.end === 'missing') disturbed = disturbed.filter((frame) => !AFTER_END.has(frame.role))
  if (framing.messageTag === 'absent') disturbed = disturbed.map(untagged)
  return disturbed
}

/** A top-level or nested error frame, spec/upstream-chat.md §5.1.2. */
export function errorFrameOf({ code, message, nesting }: Omit<InBandError, 'type' | 'at'>): Frame {
  if (nesting === 'response') return responseFrame('error', { error: { code, message } })
  return { role: 'error', body: { error: { code, message, details: [] } } }
}

function echoOf(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter((frame) => frame.role === 'conversation' || frame.role === 'user')
}

function untilToken(frames: readonly Frame[], tokens: number): readonly Frame[] {
  let seen = 0
  const end = frames.findIndex((frame) => {
    if (AFTER_END.has(frame.role)) return true
    if (frame.role !== 'token' && frame.role !== 'progress') return false
    seen += 1
    return seen > tokens
  })
  return end === -1 ? frames : frames.slice(0, end)
}

function textOf(frames: readonly Frame[]): string {
  return frames.map((frame) => (frame.role === 'token' ? String(responseOf(frame)?.['token']) : '')).join('')
}

function foldSoftStop(frames: readonly Frame[]): readonly Frame[] {
  const last = frames.findLastIndex((frame) => frame.role === 'token')
  if (last === -1) return frames
  const folded = frames.map((frame, index) =>
    index === last ? withResponse(frame, (response) => ({ ...response, isSoftStop: true })) : frame,
  )
  return folded.filter((frame) => frame.role !== 'soft-stop')
}

function untagged(frame: Frame): Frame {
  if (frame.role !== 'token') return frame
  return withResponse(frame, ({ messageTag: _messageTag, ...response }) => response)
}

function withResponse(frame: Frame, change: (response: JsonObject) => JsonObject): Frame {
  const response = responseOf(frame)
  if (response === null || frame.role === 'raw') return frame
  return responseFrame(frame.role, change(response))
}
