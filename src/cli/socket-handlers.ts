import type { ServerWebSocket, WebSocketHandler } from 'bun'
import type { ClientSocket, SocketSession } from '../util/socket.ts'

/** Seconds without a sign of life (Bun pings by itself) after which a client counts as gone. */
const IDLE_SECONDS = 120

/** The largest message that is read: as large as the largest body of a request. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024

/** What may wait to be sent to a client; one that takes nothing is let go. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** What a WebSocket carries. */
export interface SocketData {
  readonly session: SocketSession
  /** Called when the client has taken what was waiting. */
  drained?: () => void
}

/** Leads Bun's WebSockets to their sessions. */
export const socketHandlers: WebSocketHandler<SocketData> = {
  maxPayloadLength: MAX_MESSAGE_BYTES,
  idleTimeout: IDLE_SECONDS,
  backpressureLimit: MAX_WAITING_BYTES,
  closeOnBackpressureLimit: true,
  perMessageDeflate: true,
  open: (socket) => socket.data.session.open(clientSocket(socket)),
  message: (socket, message) => {
    if (typeof message === 'string') socket.data.session.message(message)
  },
  drain: ({ data }) => data.drained?.(),
  close: ({ data }) => {
    data.drained?.() // who waits for room must not wait for ever
    data.session.close()
  },
}

function clientSocket(socket: ServerWebSocket<SocketData>): ClientSocket {
  return {
    send: async (text) => {
      if (socket.send(text) !== WAITING) return
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.data.drained = resolve
      await promise
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

/** What Bun's `send` returns for a message that waits to be sent. */
const WAITING = -1
