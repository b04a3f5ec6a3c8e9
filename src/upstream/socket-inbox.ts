import type { SocketRead, UpstreamSocket } from './socket.ts'

/** What carries the words of a socket. */
export interface SocketWire {
  send(text: string): void
  close(): void
}

/** Text that waits for a reader at most, in UTF-16 units; sockets cannot be told to wait. */
const MAX_WAITING_LENGTH = 128 * 1024 * 1024

/** Keeps what a socket has said until somebody reads it; closes it when the signal fires. */
export class SocketInbox implements UpstreamSocket {
  readonly #wire: SocketWire
  readonly #signal: AbortSignal
  readonly #waiting: string[] = []
  #waitingLength = 0
  #closeCode: number | undefined
  /** Wakes the reader. */
  #wake: (() => void) | undefined
  readonly #abort: () => void

  constructor(wire: SocketWire, signal: AbortSignal) {
    this.#wire = wire
    this.#signal = signal
    this.#abort = () => {
      this.close()
      this.#wake?.()
    }
    signal.addEventListener('abort', this.#abort, { once: true })
  }

  send(text: string): void {
    this.#wire.send(text)
  }

  async read(waitMs: number): Promise<SocketRead> {
    if (!this.#hasNews()) await this.#wait(waitMs)
    this.#signal.throwIfAborted()
    const text = this.take()
    if (text !== undefined) return { type: 'message', text }
    return this.#closeCode === undefined ? { type: 'silence' } : { type: 'closed', code: this.#closeCode }
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
    this.#wake?.()
  }

  /** The socket is closed. */
  end(code: number): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#closeCode = code
    this.#wake?.()
  }

  #hasNews(): boolean {
    return this.#waiting.length > 0 || this.#closeCode !== undefined || this.#signal.aborted
  }

  async #wait(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = setTimeout(resolve, waitMs)
    await promise
    clearTimeout(timer)
    this.#wake = undefined
  }
}
