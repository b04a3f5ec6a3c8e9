import type { Env } from 'hono'

/** What a request carries through the doors. */
export interface ApiEnv extends Env {
  readonly Bindings: {
    /** Tells the server that this connection may stay silent for long; absent in tests without a server. */
    readonly allowSilence?: () => void
  }
  readonly Variables: {
    /** Names the request to the client and in the log. */
    requestId: string
  }
}
