/** How connections to a database server are shared. */
export interface PoolOptions {
  /** Connections that stay open while nothing happens. */
  readonly size: number
  /** Further ones under load. */
  readonly maxOverflow: number
  /** The longest wait for a connection. */
  readonly timeoutSeconds: number
  /** The age at which a connection is replaced. */
  readonly recycleSeconds: number
}

/** How long one beyond `size` stays open while nothing happens. */
export const IDLE_MS = 30_000
