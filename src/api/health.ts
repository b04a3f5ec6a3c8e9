import { Hono } from 'hono'
import type { AccountDirectory } from '../accounts/directory.ts'
import type { ApiEnv } from './context.ts'

/** What readiness is judged by. */
export interface HealthParts {
  readonly directory: AccountDirectory
  readonly pingStore: () => Promise<void>
  /** When the upstream last answered (epoch ms); 0: not yet. */
  readonly upstreamSeenAt: () => number
}

/** `/health`: the process lives. `/ready`: the store answers and there is an account to serve with (else 503). */
export function healthRoutes({ directory, pingStore, upstreamSeenAt }: HealthParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/health', (c) => c.json({ status: 'ok' }))
  routes.get('/ready', async (c) => {
    const storeAnswers = await pingStore().then(
      () => true,
      () => false,
    )
    const { accounts, usable, inFlight } = directory.stats
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
