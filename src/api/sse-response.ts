import { SSE_HEADERS, SSE_HEARTBEAT } from '../util/sse.ts'

/** Silence after which a heartbeat is sent between two events. */
export const HEARTBEAT_MS = 15_000

export interface SseOptions {
  /** Called once when the client leaves before the end; must end `frames`. */
  readonly onCancel: () => void
  readonly heartbeatMs?: number
}

/**
 * An event stream of ready-made frames, one chunk per item. A chunk is asked for only when the client has taken the last
 * one, so that a slow client slows the upstream instead of filling the memory.
 */
export function sseResponse(
  frames: AsyncIterator<string>,
  { onCancel, heartbeatMs = HEARTBEAT_MS }: SseOptions,
): Response {
  const encoder = new TextEncoder()
  let heartbeat: ReturnType<typeof setInterval> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      let wasSilent = false
      const beat = (): void => {
        // only into an empty queue: a client that does not read needs no sign of life
        if (wasSilent && (controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(SSE_HEARTBEAT))
        wasSilent = true
      }
      heartbeat = setInterval(beat, heartbeatMs)
    },
    pull: async (controller) => {
      const { done, value } = await frames.next()
      if (done) {
        clearInterval(heartbeat)
        controller.close()
      } else controller.enqueue(encoder.encode(value))
    },
    cancel: () => {
      clearInterval(heartbeat)
      onCancel()
    },
  })
  return new Response(body, { headers: SSE_HEADERS })
}
