import { SSE_HEADERS, SSE_HEARTBEAT } from '../util/sse.ts'

/** Silence after which a heartbeat is sent between two events. */
export const HEARTBEAT_MS = 15_000

/** Heartbeats for which a client may leave what it was sent untaken (5 min); then it counts as gone. */
const MAX_STALLED_BEATS = 20

export interface SseOptions {
  /** Called once when the client leaves before the end, to break off what `frames` may be waiting for. */
  readonly onCancel: () => void
  readonly heartbeatMs?: number
  /** The frame that is sent as a sign of life; default: a comment. */
  readonly heartbeat?: string
}

/**
 * An event stream of ready-made frames, one chunk per item. A chunk is asked for only when the client has taken the last
 * one, so that a slow client slows the upstream instead of filling the memory. However it ends, `frames` is closed.
 */
export function sseResponse(
  frames: AsyncGenerator<string>,
  { onCancel, heartbeatMs = HEARTBEAT_MS, heartbeat: sign = SSE_HEARTBEAT }: SseOptions,
): Response {
  const encoder = new TextEncoder()
  let heartbeat: ReturnType<typeof setInterval> | undefined
  let wasSilent = false
  let stalledBeats = 0
  const close = async (): Promise<void> => {
    clearInterval(heartbeat)
    onCancel()
    // a generator that waits at a `yield` for a client that has left would keep its account for ever
    await frames.return(undefined)
  }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const beat = (): void => {
        // only into an empty queue: a client that does not read needs no sign of life
        const isTaken = (controller.desiredSize ?? 0) > 0
        if (wasSilent && isTaken) controller.enqueue(encoder.encode(sign))
        wasSilent = true
        stalledBeats = isTaken ? 0 : stalledBeats + 1
        if (stalledBeats < MAX_STALLED_BEATS) return
        controller.error(new Error('the client takes nothing any more'))
        close().catch(() => undefined) // what it was waiting for has been broken off
      }
      heartbeat = setInterval(beat, heartbeatMs)
    },
    pull: async (controller) => {
      const { done, value } = await frames.next()
      wasSilent = false
      if (!done) return controller.enqueue(encoder.encode(value))
      clearInterval(heartbeat)
      controller.close()
    },
    cancel: close,
  })
  return new Response(body, { headers: SSE_HEADERS })
}
