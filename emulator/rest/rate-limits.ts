import { Hono } from 'hono'
import { z } from 'zod'
import type { EmulatorState } from '../state/emulator-state.ts'
import { isMode } from '../state/modes.ts'
import { requireAccount } from './auth.ts'
import type { ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'

const bodySchema = z.object({ modelName: z.string() })

/** `POST /rest/rate-limits` (E6), spec/upstream-chat.md §7.1: 400 for a mode that the account does not have. */
export function rateLimitRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().post('/rest/rate-limits', requireAccount(state), (c) => {
    const body = bodySchema.safeParse(c.get('exchange').body)
    if (!body.success) return serviceError(400, 3, 'modelName must be a string')
    const { modelName } = body.data
    const view = isMode(modelName) ? state.quotas.view(c.get('account'), modelName) : undefined
    if (view === undefined) return serviceError(400, 3, `Unsupported model: ${modelName}`)
    const { waitTimeSeconds, ...window } = view
    const wait = waitTimeSeconds === undefined ? {} : { waitTimeSeconds }
    return c.json({ ...window, lowEffortRateLimits: null, highEffortRateLimits: null, ...wait })
  })
}
