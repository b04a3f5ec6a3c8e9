/** What opens a socket at the upstream. */
export interface SocketRequest {
  /** `ws:` or `wss:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly proxyUrl?: string
  /** Closes the socket, also while it is being opened. */
  readonly signal: AbortSignal
}

/** What came next from a socket; `silence`: nothing within the time. */
export type SocketRead =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'closed'; readonly code: number }
  | { readonly type: 'silence' }

/** An open socket. */
export interface UpstreamSocket {
  send(text: string): void
  /** The next text message, waiting for at most so long; rejects when the signal of the socket has fired. */
  read(waitMs: number): Promise<SocketRead>
  close(): void
}

/** How sockets to the upstream are opened; rejects with a {@link HandshakeError} if the upstream answers otherwise. */
export type OpenSocket = (request: SocketRequest) => Promise<UpstreamSocket>

/** The upstream answered the handshake with something other than a socket. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
  /** Undefined where the connection itself failed. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined) {
    super(message)
    this.status = status
  }
}

/** Text that waits for a reader at most, in UTF-16 units; the runtime's sockets cannot be told to wait. */
const MAX_WAITING_LENGTH = 128 * 1024 * 1024

/** The runtime's own sockets. */
export const openRuntimeSocket: OpenSocket = async ({ url, headers, proxyUrl, signal }) => {
  signal.throwIfAborted()
  const socket = new WebSocket(url, { headers, ...(proxyUrl !== undefined && { proxy: proxyUrl }) })
  const inbox = new Inbox(socket, signal)
  await inbox.opened
  return inbox
}

/** Keeps what a socket has said until somebody reads it. */
class Inbox implements UpstreamSocket {
  readonly opened: Promise<void>
  readonly #socket: WebSocket
  readonly #signal: AbortSignal
  readonly #waiting: string[] = []
  #waitingLength = 0
  #closeCode: number | undefined
  /** Wakes the reader. */
  #wake: (() => void) | undefined
  readonly #abort: () => void

  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket
    this.#signal = signal
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.opened = promise
    this.#abort = () => {
      this.close()
      this.#wake?.()
      reject(signal.reason)
    }
    signal.addEventListener('abort', this.#abort, { once: true })
    let failure = 'the connection failed'
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', (event) => (failure = messageOf(event)))
    socket.addEventListener('message', ({ data }) => this.#take(data))
    socket.addEventListener('close', ({ code }) => {
      signal.removeEventListener('abort', this.#abort)
      this.#closeCode = code
      this.#wake?.()
      // the status stands only in the runtime's sentence: "Expected 101 status code: 429"
      const status = /status code: (\d{3})/.exec(failure)?.[1]
      reject(new HandshakeError(failure, status === undefined ? undefined : Number(status)))
    })
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  async read(waitMs: number): Promise<SocketRead> {
    if (!this.#hasNews()) await this.#wait(waitMs)
    this.#signal.throwIfAborted()
    const text = this.#waiting.shift()
    if (text !== undefined) {
      this.#waitingLength -= text.length
      return { type: 'message', text }
    }
    return this.#closeCode === undefined ? { type: 'silence' } : { type: 'closed', code: this.#closeCode }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#socket.close()
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

  #take(data: unknown): void {
    if (typeof data !== 'string') return // the protocol knows only texts
    this.#waitingLength += data.length
    if (this.#waitingLength > MAX_WAITING_LENGTH) return this.close()
    this.#waiting.push(data)
    this.#wake?.()
  }
}

function messageOf(event: Event): string {
  return 'message' in event && typeof event.message === 'string' ? event.message : 'the connection failed'
}
