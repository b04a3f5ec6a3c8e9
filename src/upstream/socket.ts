import type { IncomingMessage } from 'node:http'
import { WebSocket as WireSocket } from 'ws'
import type { GatewayError } from '../core/error.ts'
import { unlessAborted } from '../util/unless-aborted.ts'
import {
  classifyHttpFailure,
  connectionFailure,
  MAX_FAILURE_BODY_LENGTH,
  type HttpFailure,
} from './failure.ts'
import { SocketInbox } from './socket-inbox.ts'
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
  /**
   * The next text message, waiting for at most so long; what came with it in one read of the connection is there to be
   * taken. Rejects when the signal of the socket has fired.
   */
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

/** The runtime's own sockets. */
export const openRuntimeSocket: OpenSocket = async ({ url, headers, proxyUrl, signal }) => {
  signal.throwIfAborted()
  const socket = new WireSocket(url, { headers, ...(proxyUrl !== undefined && { proxy: proxyUrl }) })
  const inbox = new SocketInbox(socket, signal)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let failure = 'the connection failed'
  socket.on('unexpected-response', (_, response) => {
    readRefusal(response).then(reject, reject)
  })
  socket.addEventListener('open', () => resolve())
  socket.addEventListener('error', ({ message }) => {
    if (typeof message === 'string') failure = message
  })
  socket.addEventListener('message', ({ data }) => inbox.receive(data))
  socket.addEventListener('close', ({ code }) => {
    inbox.end(code)
    reject(new HandshakeError(failure, undefined, proxyUrl))
  })
  await unlessAborted(promise, signal)
  return inbox
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
