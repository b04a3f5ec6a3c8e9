import type { SocketPeer } from '../rest/exchange.ts'
import type { OpenRecord } from '../state/request-log.ts'
import { pause } from '../wire/body-stream.ts'
import type { Answer } from './answer.ts'

/** What sending needs besides the answer. */
export interface AnswerSending {
  readonly peer: SocketPeer
  /** Of the handshake, and of the message that asked. */
  readonly records: readonly OpenRecord[]
  /** Fires when the socket is closed. */
  readonly signal: AbortSignal
}

/** Sends an answer message by message, then ends as it should. */
export async function sendAnswer({ delivery, plan }: Answer, sending: AnswerSending): Promise<void> {
  const { peer, records, signal } = sending
  if (plan.firstFrameDelayMilliseconds > 0) await pause(plan.firstFrameDelayMilliseconds)
  let sent = 0
  for (const message of delivery.messages) {
    if (signal.aborted) break
    peer.send(message)
    sent += 1
    for (const record of records) record.sent(1)
    if (sent % plan.framesPerWrite === 0) await pause(plan.paceMilliseconds)
  }
  if (signal.aborted) return endAll(records, 'client-closed')
  if (delivery.end === 'silence') {
    signal.addEventListener('abort', () => endAll(records, 'client-closed'))
    return
  }
  endAll(records, delivery.end === 'drop' ? 'reset' : 'completed')
  if (delivery.end === 'drop') peer.terminate()
  if (delivery.end === 'close') peer.close()
}

function endAll(records: readonly OpenRecord[], outcome: Parameters<OpenRecord['end']>[0]): void {
  for (const record of records) record.end(outcome)
}
