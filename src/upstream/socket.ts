import type { IncomingMessage } from 'node:http'
import { WebSocket as WireSocket } from 'ws'
import type { GatewayError } from '../core/error.ts'
import {
  classifyHttpFailure,
  connectionFailure,
  MAX_FAILURE_BODY_LENGTH,
  type HttpFailure,
} from './failure.ts'
import type { RequestTimer } from './transport.ts'

/** What opens a socket at the upstream. */
export interface SocketRequest {
  /** `ws:` or `wss:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly proxyUrl?: string
  /** Closes the socket, also while it is being opened. */
  readonly signal: AbortSignal
  /** Stands still while a clearance is waited for. */
  readonly timer?: RequestTimer
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
  /** A message that is here already, without waiting. */
  take(): string | undefined
  close(): void
}

/** How sockets to the upstream are opened; rejects with a {@link HandshakeError} if the upstream answers otherwise. */
export type OpenSocket = (request: SocketRequest) => Promise<UpstreamSocket>

/** The upstream answered the handshake with something other than a socket. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
  /** Undefined where the connection itself failed. */
  readonly answer: HttpFailure | undefined
  /** The proxy on the way, where the connection failed. */
  readonly proxyUrl: string | undefined

  constructor(message: string, answer?: HttpFailure, proxyUrl?: string) {
    super(message)
    this.answer = answer
    this.proxyUrl = proxyUrl
  }
}

/** What it means that a socket was not opened. */
export function explainHandshake(thrown: unknown): GatewayError {
  const answer = thrown instanceof HandshakeError ? thrown.answer : undefined
  const proxyUrl = thrown instanceof HandshakeError ? thrown.proxyUrl : undefined
  return answer ? classifyHttpFailure(answer) : connectionFailure(thrown, proxyUrl)
}

/** Text that waits for a reader at most, in UTF-16 units; the runtime's sockets cannot be told to wait. */
const MAX_WAITING_LENGTH = 128 * 1024 * 1024

/** The runtime's own sockets. */
export const openRuntimeSocket: OpenSocket = async ({ url, headers, proxyUrl, signal }) => {
  signal.throwIfAborted()
  const socket = new WireSocket(url, { headers, ...(proxyUrl !== undefined && { proxy: proxyUrl }) })
  const inbox = new Inbox(socket, signal, proxyUrl)
  await inbox.opened
  return inbox
}

/** Keeps what a socket has said until somebody reads it. */
class Inbox implements UpstreamSocket {
  readonly opened: Promise<void>
  readonly #socket: WireSocket
  readonly #signal: AbortSignal
  readonly #waiting: string[] = []
  #waitingLength = 0
  #closeCode: number | undefined
  /** Wakes the reader. */
  #wake: (() => void) | undefined
  readonly #abort: () => void

  constructor(socket: WireSocket, signal: AbortSignal, proxyUrl: string | undefined) {
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
    socket.on('unexpected-response', (_, response) => {
      readRefusal(response).then(reject, reject)
    })
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', ({ message }) => {
      if (typeof message === 'string') failure = message
    })
    socket.addEventListener('message', ({ data }) => this.#take(data))
    socket.addEventListener('close', ({ code }) => {
      this.#end(code)
      reject(new HandshakeError(failure, undefined, proxyUrl))
    })
  }

  send(text: string): void {
    this.#socket.send(text)
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
    this.#socket.close()
  }

  #end(code: number): void {
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

  #take(data: unknown): void {
    if (typeof data !== 'string') return // the protocol knows only texts
    this.#waitingLength += data.length
    if (this.#waitingLength > MAX_WAITING_LENGTH) return this.close()
    this.#waiting.push(data)
    this.#wake?.()
  }
}

/** The answer that stands in the place of a socket; only the beginning of its body is read. */
async function readRefusal(response: IncomingMessage): Promise<HandshakeError> {
  const headers = new Headers()
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === 'string') headers.set(name, value)
  }
  let body = ''
  response.setEncoding('utf8')
  for await (const piece of response) {
    body += String(piece)
    if (body.length >= MAX_FAILURE_BODY_LENGTH) break
  }
  const status = response.statusCode ?? 0
  const answer = { status, headers, body: body.slice(0, MAX_FAILURE_BODY_LENGTH) }
  return new HandshakeError(`HTTP ${status} instead of a socket`, answer)
}
