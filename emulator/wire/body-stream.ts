import type { EncodedBody } from './encode-writes.ts'

/** How a body stream ended. */
export type BodyEnd = 'completed' | 'client-closed' | 'reset' | 'error'

/** What a body stream needs besides its bytes. */
export interface BodyStreamOptions {
  readonly paceMilliseconds: number
  /** The pause before the frame that so many others precede; absent: always `paceMilliseconds`. */
  readonly paceBeforeFrame?: ((framesBefore: number) => number) | undefined
  readonly firstFrameDelayMilliseconds: number
  /**
   * The body is lines, so an empty one may go first. Bun sends the headers only with the first byte of the body, and a stream
   * that is silent at first would not even answer without it; clients skip empty lines (spec/upstream-chat.md §5.1.1).
   */
  readonly isLines: boolean
  /** The request's signal; it fires when the client leaves, also while the stream is silent. */
  readonly signal: AbortSignal
  readonly onSent: (frames: number) => void
  /** Called exactly once. */
  readonly onEnd: (end: BodyEnd) => void
}

/**
 * Sends a body write by write. `reset` makes Bun drop the connection with a TCP RST: without the terminating chunk, and with no
 * byte at all when nothing was written before (seen with a raw client on Bun 1.4.5; `body-stream.test.ts` keeps watch).
 */
export function openBodyStream(body: EncodedBody, options: BodyStreamOptions): ReadableStream<Uint8Array> {
  let ended = false
  const end = (how: BodyEnd): void => {
    if (ended) return
    ended = true
    options.signal.removeEventListener('abort', leave)
    options.onEnd(how)
  }
  const leave = (): void => end('client-closed')
  if (options.signal.aborted) leave()
  options.signal.addEventListener('abort', leave)
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      // Not returned: a pending start would hold back the headers.
      sendAll(body, controller, { options, end, hasEnded: () => ended }).catch((error: unknown) => {
        end('error')
        controller.error(error)
      })
    },
    cancel: leave,
  })
}

interface Sending {
  readonly options: BodyStreamOptions
  readonly end: (how: BodyEnd) => void
  readonly hasEnded: () => boolean
}

const EMPTY_LINE = new Uint8Array([0x0a])

type Controller = ReadableStreamDefaultController<Uint8Array>

async function sendAll(body: EncodedBody, controller: Controller, sending: Sending): Promise<void> {
  const { options, end, hasEnded } = sending
  const isSilentAtFirst = options.firstFrameDelayMilliseconds > 0 || body.end === 'stall'
  if (options.isLines && isSilentAtFirst) controller.enqueue(EMPTY_LINE)
  if (options.firstFrameDelayMilliseconds > 0) await pause(options.firstFrameDelayMilliseconds)
  const last = body.writes.length - 1
  let framesBefore = 0
  for (const [index, write] of body.writes.entries()) {
    if (hasEnded()) return
    controller.enqueue(write.bytes)
    options.onSent(write.frames)
    framesBefore += write.frames
    // Without a turn of the event loop between them Bun would join the writes into one.
    if (index < last) await pause(paceAfter(options, write.frames, framesBefore))
  }
  // The last write must leave before a reset, which would swallow it.
  if (body.end === 'reset' && last >= 0) await pause(1)
  if (hasEnded() || body.end === 'stall') return
  end(body.end === 'reset' ? 'reset' : 'completed')
  // An undefined reason resets the connection without a report on stderr.
  if (body.end === 'reset') controller.error()
  else controller.close()
}

// The parts of a torn frame follow one another at the usual pace.
function paceAfter(options: BodyStreamOptions, frames: number, framesBefore: number): number {
  const pace = frames === 0 ? undefined : options.paceBeforeFrame?.(framesBefore)
  return pace ?? options.paceMilliseconds
}

/** Waits; with 0 for one turn of the event loop. */
export function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) return new Promise((resolve) => setTimeout(resolve, milliseconds))
  return new Promise((resolve) => setImmediate(resolve))
}
