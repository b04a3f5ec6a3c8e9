import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/** How long a browser may keep the answer to its preflight. */
const PREFLIGHT_SECONDS = 600

/**
 * Lets pages of the given origins call the API from a browser; `*` stands for all. Without origins nothing is answered
 * for other pages. Preflights carry no key, so this comes before keys are asked for.
 */
export function allowOrigins(origins: () => readonly string[]): MiddlewareHandler {
  const handle = cors({
    origin: (origin) => {
      const allowed = origins()
      if (allowed.includes('*')) return '*'
      return allowed.includes(origin) ? origin : undefined
    },
    // official clients send a dozen headers of their own, and new ones with every version: what is asked for is allowed
    allowHeaders: [],
    exposeHeaders: ['x-request-id', 'request-id', 'retry-after'],
    maxAge: PREFLIGHT_SECONDS,
  })
  return (c, next) => (origins().length === 0 ? next() : handle(c, next))
}
