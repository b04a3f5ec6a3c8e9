import { Hono } from 'hono'
import { GatewayError } from '../core/error.ts'
import { newId } from '../util/ids.ts'
import type { Log } from '../util/log.ts'
import type { ApiEnv } from './context.ts'
import { healthRoutes, type HealthParts } from './health.ts'
import { openAiRoutes, type OpenAiParts } from './openai/routes.ts'
import { renderError } from './render-error.ts'

export interface ApiParts extends OpenAiParts, HealthParts {
  readonly log: Log
}

/** All doors of the gateway. */
export function apiRoutes(parts: ApiParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.use(async (c, next) => {
    const requestId = newId('req_')
    c.set('requestId', requestId)
    await next()
    c.header('x-request-id', requestId)
  })
  routes.route('/', healthRoutes(parts))
  routes.route('/v1', openAiRoutes(parts))
  routes.notFound((c) => {
    throw new GatewayError('not_found', `There is nothing at ${c.req.method} ${c.req.path}.`)
  })
  routes.onError((error, c) => renderError(error, c, parts.log))
  return routes
}
