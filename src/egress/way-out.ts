/** One way to the upstream: directly, or through a proxy. */
export interface WayOut {
  /** Names the way out in logs; never holds a password. */
  readonly id: string
  /** Absent: directly. */
  readonly proxyUrl?: string
}

/** The settings that decide the way out (`proxy.egress`). */
export interface EgressSettings {
  readonly mode: 'direct' | 'single_proxy' | 'proxy_pool'
  readonly proxyUrl: string
  readonly proxyPool: readonly string[]
  /** For downloads; empty: as everything else. */
  readonly resourceProxyUrl: string
  readonly resourceProxyPool: readonly string[]
}

/** Whose request goes out, and which ways it has tried in vain. */
export interface WayOutQuery {
  /** The same account goes the same way as long as that one is well. */
  readonly accountKey: string
  /** The proxy that this account alone uses; nothing else will do for it then. */
  readonly ownProxyUrl: string | null
  readonly exclude?: ReadonlySet<string>
}
