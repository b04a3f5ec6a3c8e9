import { getCACertificates } from 'node:tls'
import type { WebSocketInit } from 'node-wreq'
import { Gate } from '../util/gate.ts'
import { unlessAborted } from '../util/unless-aborted.ts'
import { chooseProfile, socketProfileOf } from './browser-profile.ts'
import { readStart } from './read-start.ts'
import { SocketInbox, type SocketWire } from './socket-inbox.ts'
import { HandshakeError, type OpenSocket, type SocketRequest, type UpstreamSocket } from './socket.ts'
import type { Transport } from './transport.ts'

export interface BrowserSocketOptions {
  /** Asks what the upstream says where it opens no socket: the library tells the status only. */
  readonly transport: Transport
  /** The profile for a User-Agent that names no browser (`proxy.clearance.browser`). */
  readonly usualProfile: () => string
}

/** The library keeps a thread for each open socket, of 512 at most; others wait in line. */
const MAX_SOCKETS = 448

/** The library cannot be stopped while it opens a socket. */
const OPENING_LIMIT_MS = 30_000

/** An upstream that does not answer a farewell holds no place for longer. */
const CLOSING_LIMIT_MS = 5_000

/**
 * Sockets whose TLS handshake is that of the browser that the User-Agent names, with the given headers and no others
 * (docs/decisions). The library is loaded with the first socket.
 */
export function createBrowserSockets(options: BrowserSocketOptions): OpenSocket {
  const gate = new Gate(MAX_SOCKETS)
  return (request) => whileOpen(gate, request.signal, (closed) => open(options, request, closed))
}

/** Opens a socket that holds its place at the gate until it is closed. */
async function whileOpen(
  gate: Gate,
  signal: AbortSignal,
  work: (onClosed: () => void) => Promise<UpstreamSocket>,
): Promise<UpstreamSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamSocket>()
  gate
    .run(signal, async () => {
      const closed = Promise.withResolvers<void>()
      resolve(await work(closed.resolve))
      await closed.promise
    })
    .catch(reject)
  return promise
}

async function open(
  { transport, usualProfile }: BrowserSocketOptions,
  request: SocketRequest,
  onClosed: () => void,
): Promise<UpstreamSocket> {
  const { url, headers, proxyUrl, signal } = request
  const { BROWSER_PROFILES, WebSocket: BrowserWebSocket } = await import('node-wreq')
  signal.throwIfAborted()
  const profile = chooseProfile(headers['user-agent'] ?? '', usualProfile())
  const socket = new BrowserWebSocket(url, {
    browser: socketProfileOf(profile, BROWSER_PROFILES),
    headers: { 'accept-encoding': 'gzip, deflate, br, zstd', ...headers },
    disableDefaultHeaders: true,
    proxy: proxyUrl ?? false,
    timeout: OPENING_LIMIT_MS,
    ...ownAuthorities(),
  })
  const wire: SocketWire = {
    // like the runtime's, which says nothing into a socket that was closed meanwhile
    send: (text) => socket.readyState === socket.OPEN && socket.send(text),
    close: () => {
      socket.close()
      setTimeout(onClosed, CLOSING_LIMIT_MS).unref()
    },
  }
  const inbox = new SocketInbox(wire, signal)
  // one that is told to close while it opens opens all the same
  socket.addEventListener('open', () => signal.aborted && socket.close())
  socket.addEventListener('message', (event) => inbox.receive(Reflect.get(event, 'data')))
  socket.addEventListener('close', (event) => {
    inbox.end(Number(Reflect.get(event, 'code')))
    onClosed()
  })
  try {
    await unlessAborted(socket.opened, signal)
    return inbox
  } catch (thrown) {
    signal.throwIfAborted()
    throw await explainRefusal(transport, request, thrown)
  }
}

const REFUSAL = /unexpected status code: (\d{3})/

/** What the upstream said in the place of a socket, as far as the same question over HTTP finds it out. */
async function explainRefusal(
  transport: Transport,
  { url, headers, proxyUrl, signal }: SocketRequest,
  thrown: unknown,
): Promise<HandshakeError> {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const status = Number(REFUSAL.exec(message)?.[1])
  if (Number.isNaN(status)) return new HandshakeError(message, undefined, proxyUrl)
  const told = `HTTP ${status} instead of a socket`
  const page = await transport.send({
    method: 'GET',
    url: url.replace(/^ws/, 'http'),
    headers,
    signal,
    ...(proxyUrl !== undefined && { proxyUrl }),
  })
  const body = await readStart(page.body)
  const isSame = page.status === status
  return new HandshakeError(
    told,
    isSame ? { status, headers: page.headers, body } : { status, headers: new Headers(), body: '' },
  )
}

/** Authorities that the operator trusts beside the usual ones (`NODE_EXTRA_CA_CERTS`). */
function ownAuthorities(): Pick<WebSocketInit, 'ca'> {
  const cert = getCACertificates('extra')
  return cert.length === 0 ? {} : { ca: { cert, includeDefaultRoots: true } }
}
