import { createEmulatorApp } from './app.ts'
import type { SocketSession } from './rest/exchange.ts'
import { EmulatorState } from './state/emulator-state.ts'

/** Where the emulator listens; port 0 takes any free port. */
export interface EmulatorOptions {
  readonly port?: number
  readonly host?: string
  /** The real time behind the emulator's clock, for tests. */
  readonly now?: () => number
}

/** A running emulator. */
export interface Emulator {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string
  /** Closes the port and drops every connection. */
  readonly stop: () => Promise<void>
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
const MAX_BODY_BYTES = 256 * 1024 * 1024

/** Starts an emulator of the Grok web product (spec/upstream-chat.md §12) in this process. */
export function startEmulator(options: EmulatorOptions = {}): Emulator {
  const { port = 0, host = '127.0.0.1', now } = options
  const app = createEmulatorApp(new EmulatorState(now))
  const server = Bun.serve<SocketSession>({
    port,
    hostname: host,
    // A silent stream stays open until its client leaves.
    idleTimeout: 0,
    maxRequestBodySize: MAX_BODY_BYTES,
    fetch: (request, server) =>
      app.fetch(request, { upgrade: (session: SocketSession) => server.upgrade(request, { data: session }) }),
    websocket: {
      idleTimeout: 0,
      maxPayloadLength: MAX_MESSAGE_BYTES,
      message: (socket, message) => {
        if (typeof message === 'string') socket.data.message(socket, message)
      },
      close: (socket) => socket.data.closed(),
    },
  })
  return { url: `http://${host}:${server.port}`, stop: () => server.stop(true) }
}
