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

/** Sends an answer message by message, then ends as it should; resolves when the answer is over. */
export async function sendAnswer({ delivery, plan }: Answer, sending: AnswerSending): Promise<void> {
  const { peer, records, signal } = sending
  if (plan.firstFrameDelayMilliseconds > 0) await pause(plan.firstFrameDelayMilliseconds)
  let sent = 0
  for (const message of delivery.messages) {
    if (sent > 0 && sent % plan.framesPerWrite === 0) await pause(plan.paceMilliseconds)
    if (signal.aborted) break
    peer.send(message)
    sent += 1
    for (const record of records) record.sent(1)
  }
  if (delivery.end === 'drop') await pause(plan.paceMilliseconds) // what was sent must have left
  if (delivery.end === 'silence') await closing(signal)
  if (signal.aborted) return endAll(records, 'client-closed')
  endAll(records, delivery.end === 'drop' ? 'reset' : 'completed')
  if (delivery.end === 'drop') peer.terminate()
  if (delivery.end === 'close') peer.close()
}

function closing(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', resolve, { once: true })
  })
}

function endAll(records: readonly OpenRecord[], outcome: Parameters<OpenRecord['end']>[0]): void {
  for (const record of records) record.end(outcome)
}
