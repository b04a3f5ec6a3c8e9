import type { SocketPeer } from '../rest/exchange.ts'
import type { OpenRecord } from '../state/request-log.ts'
import { pause } from '../wire/body-stream.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import type { DisturbedRound } from './disturb-round.ts'

/** What sending needs besides the frames. */
export interface RoundSending {
  readonly peer: SocketPeer
  readonly plan: DeliveryPlan
  /** How long the whole round takes. */
  readonly seconds: number
  readonly requestId: string
  readonly record: OpenRecord
  /** Fires when the socket is closed. */
  readonly signal: AbortSignal
}

/** Sends a round frame by frame, spread over its time, then ends as it should. */
export async function sendRound({ frames, end }: DisturbedRound, sending: RoundSending): Promise<void> {
  const { peer, plan, record, signal, requestId } = sending
  if (plan.firstFrameDelayMilliseconds > 0) await pause(plan.firstFrameDelayMilliseconds)
  const share = frames.length === 0 ? 0 : (sending.seconds * 1000) / frames.length
  for (const frame of frames) {
    await pause(share)
    if (signal.aborted) break
    // Every frame carries the id of its request.
    peer.send(JSON.stringify({ request_id: requestId, ...frame.build() }))
    record.sent(1)
  }
  if (signal.aborted) {
    record.end('client-closed')
    return
  }
  if (end === 'silence') {
    signal.addEventListener('abort', () => record.end('client-closed'))
    return
  }
  record.end(end === 'drop' ? 'reset' : 'completed')
  if (end === 'drop') peer.terminate()
  else if (end !== 'open') peer.close(end.closeCode)
}
