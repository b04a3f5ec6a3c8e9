import type { SocketRead, UpstreamSocket } from './socket.ts'

/** What carries the words of a socket. */
export interface SocketWire {
  send(text: string): void
  close(): void
}

/** Text that waits for a reader at most, in UTF-16 units; sockets cannot be told to wait. */
const MAX_WAITING_LENGTH = 128 * 1024 * 1024

/** Messages of one read of the connection come no further apart. */
const BURST_GAP_MS = 0.2
/** Messages that come alone before no others are expected with them. */
const PATIENCE = 8

/** Keeps what a socket has said until somebody reads it; closes it when the signal fires. */
export class SocketInbox implements UpstreamSocket {
  readonly #wire: SocketWire
  readonly #signal: AbortSignal
  readonly #now: () => number
  readonly #waiting: string[] = []
  #waitingLength = 0
  #closeCode: number | undefined
  /** Wakes the reader. */
  #wake: (() => void) | undefined
  readonly #abort: () => void
  #receivedAt = Number.NEGATIVE_INFINITY
  /** For how many more wakings a turn of the loop is waited. */
  #patience = PATIENCE

  /** `now` tells milliseconds from any beginning. */
  constructor(wire: SocketWire, signal: AbortSignal, now = () => performance.now()) {
    this.#wire = wire
    this.#signal = signal
    this.#now = now
    this.#abort = () => {
      this.close()
      this.#wake?.()
    }
    signal.addEventListener('abort', this.#abort, { once: true })
  }

  send(text: string): void {
    this.#wire.send(text)
  }

  read(waitMs: number): Promise<SocketRead> {
    const { promise, resolve, reject } = Promise.withResolvers<SocketRead>()
    const timer = setTimeout(() => this.#wake?.(), waitMs)
    this.#wake = () => {
      clearTimeout(timer)
      this.#wake = undefined
      if (this.#signal.aborted) reject(this.#signal.reason)
      else resolve(this.#next())
    }
    if (this.#hasNews()) this.#wake()
    return promise
  }

  take(): string | undefined {
    const text = this.#waiting.shift()
    this.#waitingLength -= text?.length ?? 0
    return text
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#wire.close()
  }

  /** Takes in what the socket has said. */
  receive(data: unknown): void {
    if (typeof data !== 'string') return // the protocol knows only texts
    this.#waitingLength += data.length
    if (this.#waitingLength > MAX_WAITING_LENGTH) return this.close()
    this.#waiting.push(data)
    const now = this.#now()
    if (now - this.#receivedAt < BURST_GAP_MS) this.#patience = PATIENCE
    this.#receivedAt = now
    if (this.#waiting.length === 1 && this.#wake) this.#wakeReader(this.#wake)
  }

  /** Where one read of the connection brings several messages, the reader is to find them all; one alone need not wait. */
  #wakeReader(wake: () => void): void {
    if (this.#patience === 0) return wake()
    this.#patience--
    setImmediate(() => this.#hasNews() && this.#wake?.())
  }

  /** The socket is closed. */
  end(code: number): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#closeCode = code
    this.#wake?.()
  }

  #next(): SocketRead {
    const text = this.take()
    if (text !== undefined) return { type: 'message', text }
    return this.#closeCode === undefined ? { type: 'silence' } : { type: 'closed', code: this.#closeCode }
  }

  #hasNews(): boolean {
    return this.#waiting.length > 0 || this.#closeCode !== undefined || this.#signal.aborted
  }
}
