/** A comment that keeps proxies and clients from giving up on a silent stream; ignored by every SSE parser. */
export const SSE_HEARTBEAT = ': keep-alive\n\n'

/** The sentinel that ends a stream of the OpenAI dialect. */
export const SSE_DONE = 'data: [DONE]\n\n'

/** Response headers of an event stream; the last two keep proxies from buffering or rewriting it. */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

/** One event with a JSON payload. */
export function sseData(payload: unknown): string {
  return `data: ${JSON.stringify(payload)}\n\n`
}
