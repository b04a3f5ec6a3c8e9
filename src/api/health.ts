import { Hono } from 'hono'
import type { ApiEnv } from './context.ts'

/** The account pool in figures. */
export interface PoolStats {
  readonly accounts: number
  /** Accounts that serve now or will again by themselves. */
  readonly usable: number
  readonly inFlight: number
}

/** The header in which `/health` names the installation, so that the test of the public address knows its own. */
export const INSTANCE_HEADER = 'x-grok2api-instance'

/** What readiness is judged by. */
export interface HealthParts {
  readonly poolStats: () => PoolStats
  readonly pingStore: () => Promise<void>
  /** When the upstream last answered (epoch ms); 0: not yet. */
  readonly upstreamSeenAt: () => number
  /** Names the installation to itself; tells nothing else. */
  readonly instanceId?: string
}

/** `/health`: the process lives. `/ready`: the store answers and there is an account to serve with (else 503). */
export function healthRoutes(parts: HealthParts): Hono<ApiEnv> {
  const { poolStats, pingStore, upstreamSeenAt, instanceId } = parts
  const routes = new Hono<ApiEnv>()
  const headers: Record<string, string> = instanceId === undefined ? {} : { [INSTANCE_HEADER]: instanceId }
  routes.get('/health', (c) => c.json({ status: 'ok' }, 200, headers))
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
