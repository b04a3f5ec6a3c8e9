import type { EmulatorState } from '../state/emulator-state.ts'
import { openBodyStream, type BodyStreamOptions } from '../wire/body-stream.ts'
import type { EncodedBody } from '../wire/encode-writes.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import type { ProductContext } from './exchange.ts'

/** What a caller may add to the sending of a stream. */
export interface StreamExtras {
  readonly paceBeforeFrame?: BodyStreamOptions['paceBeforeFrame']
  /** Called after each write with the number of frames that are out. */
  readonly onFrames?: (framesSent: number) => void
}

/** Answers with a stream of frames, which takes over the record. */
export function streamBody(
  state: EmulatorState,
  c: ProductContext,
  { body, plan }: { readonly body: EncodedBody; readonly plan: DeliveryPlan },
  extras: StreamExtras = {},
): Response {
  const exchange = c.get('exchange')
  exchange.isStreaming = true
  const closeStream = state.counters.openStream(c.get('account').token)
  let framesSent = 0
  const stream = openBodyStream(body, {
    paceMilliseconds: plan.paceMilliseconds,
    paceBeforeFrame: extras.paceBeforeFrame,
    firstFrameDelayMilliseconds: plan.firstFrameDelayMilliseconds,
    isLines: true,
    signal: c.req.raw.signal,
    onSent: (frames) => {
      exchange.record.sent(frames)
      framesSent += frames
      extras.onFrames?.(framesSent)
    },
    onEnd: (end) => {
      closeStream()
      exchange.record.end(end)
    },
  })
  return new Response(stream, { headers: { 'Content-Type': 'application/json' } })
}
