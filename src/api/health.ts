import { Hono } from 'hono'
import type { ApiEnv } from './context.ts'

/** The account pool in figures. */
export interface PoolStats {
  readonly accounts: number
  /** Accounts that serve now or will again by themselves. */
  readonly usable: number
  readonly inFlight: number
}

/** What readiness is judged by. */
export interface HealthParts {
  readonly poolStats: () => PoolStats
  readonly pingStore: () => Promise<void>
  /** When the upstream last answered (epoch ms); 0: not yet. */
  readonly upstreamSeenAt: () => number
}

/** `/health`: the process lives. `/ready`: the store answers and there is an account to serve with (else 503). */
export function healthRoutes({ poolStats, pingStore, upstreamSeenAt }: HealthParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/health', (c) => c.json({ status: 'ok' }))
  routes.get('/ready', async (c) => {
    const storeAnswers = await pingStore().then(
      () => true,
      () => false,
    )
    const { accounts, usable, inFlight } = poolStats()
    const isReady = storeAnswers && usable > 0
    const seenAt = upstreamSeenAt()
    const body = {
      status: isReady ? 'ready' : 'not_ready',
      store: storeAnswers ? 'ok' : 'failing',
      accounts: { total: accounts, usable, in_flight: inFlight },
      upstream: { last_seen_at: seenAt === 0 ? null : new Date(seenAt).toISOString() },
    }
    return c.json(body, isReady ? 200 : 503)
  })
  return routes
}
