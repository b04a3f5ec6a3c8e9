import type { MiddlewareHandler } from 'hono'
import type { Behaviour } from '../state/behaviour.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { openBodyStream } from '../wire/body-stream.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { hasValidIds, hasValidOrigin } from './header-checks.ts'
import { httpError, responseOfFault } from './http-errors.ts'

const PRODUCT_ORIGIN = 'https://grok.com'

/** What stands before the service: faults that answer by themselves, latency, the challenge, the strict header checks. */
export function guardEdge(state: EmulatorState): MiddlewareHandler<ProductEnv> {
  return async (c, next) => {
    const { actions, plan, credentials } = c.get('exchange')
    if (plan.headersDelayMilliseconds > 0) {
      await new Promise((resolve) => setTimeout(resolve, plan.headersDelayMilliseconds))
    }
    if (actions.some((action) => action.type === 'reset')) return resetConnection(c)
    for (const action of actions) {
      const response = responseOfFault(action)
      if (response !== null) return response
    }
    const { behaviour } = state
    const userAgent = c.req.header('user-agent') ?? ''
    if (behaviour.challenge && !isCleared(credentials.cfClearance, userAgent, behaviour))
      return httpError('challenge')
    if (behaviour.strictHeaders && !hasValidIds(c.req.path, c.req.raw.headers)) return httpError('anti-bot')
    if (behaviour.strictOrigin && !hasValidOrigin(c.req.path, c.req.raw.headers, knownOrigins(c))) {
      return httpError('anti-bot')
    }
    await next()
    return undefined
  }
}

function isCleared(clearance: string | null, userAgent: string, { clearances }: Behaviour): boolean {
  if (clearance === null || clearances === null) return clearance !== null
  return Object.hasOwn(clearances, clearance) && clearances[clearance] === userAgent
}

/** An answer that resets the connection before its first byte. */
function resetConnection(c: ProductContext): Response {
  const exchange = c.get('exchange')
  exchange.isStreaming = true
  const stream = openBodyStream(
    { writes: [], end: 'reset' },
    {
      paceMilliseconds: 0,
      firstFrameDelayMilliseconds: 0,
      isLines: false,
      signal: c.req.raw.signal,
      onSent: () => {},
      onEnd: (end) => exchange.record.end(end),
    },
  )
  return new Response(stream)
}

// Clients may keep the product's own origin while they talk to a loopback address.
function knownOrigins(c: ProductContext): readonly string[] {
  return [new URL(c.req.url).origin, PRODUCT_ORIGIN]
}
