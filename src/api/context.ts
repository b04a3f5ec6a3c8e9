import type { Env } from 'hono'
import type { UpgradeToSocket } from '../util/socket.ts'

/** What the server tells of a request, beside the request itself; absent in tests without a server. */
export interface RequestBindings {
  /** Tells the server that this connection may stay silent for long. */
  readonly allowSilence?: () => void
  /** Makes the request a WebSocket; absent where the server has none. */
  readonly upgrade?: UpgradeToSocket
  /** The client's address, as the connection has it. */
  readonly address?: string
}

/** What a request carries through the doors. */
export interface ApiEnv extends Env {
  readonly Bindings: RequestBindings
  readonly Variables: {
    /** Names the request to the client and in the log. */
    requestId: string
  }
}
