import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { GatewayError } from '../core/error.ts'
import { newId } from '../util/ids.ts'
import type { Log } from '../util/log.ts'
import { adminRoutes, instanceIdOf, type AdminParts } from './admin/routes.ts'
import { anthropicRoutes, type AnthropicParts } from './anthropic/routes.ts'
import type { ApiEnv } from './context.ts'
import { allowOrigins } from './cors.ts'
import { speaksAnthropic } from './dialect.ts'
import { fileRoutes, type FilePartsToServe } from './files.ts'
import { healthRoutes, type HealthParts } from './health.ts'
import { openAiRoutes, type OpenAiParts } from './openai/routes.ts'
import { product } from './product.ts'
import { renderError } from './render-error.ts'

export interface ApiParts extends OpenAiParts, AnthropicParts, HealthParts, FilePartsToServe {
  readonly log: Log
  readonly admin: AdminParts
  /** Pages of these origins may call `/v1`; `*` is any. */
  readonly corsOrigins: () => readonly string[]
}

/** All doors of the gateway. */
export function apiRoutes(parts: ApiParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.use(async (c, next) => {
    const requestId = newId('req_')
    const startedAt = performance.now()
    c.set('requestId', requestId)
    await next()
    c.header('x-request-id', requestId)
    if (speaksAnthropic(c)) c.header('request-id', requestId)
    const { method, path } = c.req
    // to the response's head: a stream's body is still to come
    const headMs = Math.round(performance.now() - startedAt)
    parts.log.info('request', { requestId, method, path, status: c.res.status, headMs })
  })
  routes.use('/v1/*', allowOrigins(parts.corsOrigins))
  routes.use(
    methodNotAllowed({
      app: routes,
      onMethodNotAllowed: (c, methods) => {
        const message = `${c.req.path} is there for ${methods.join(', ')}, not for ${c.req.method}.`
        const response = renderError(new GatewayError('method_not_allowed', message), c, parts.log)
        response.headers.set('allow', methods.join(', '))
        return response
      },
    }),
  )
  const { admin } = parts
  routes.route('/', healthRoutes({ ...parts, instanceId: instanceIdOf(admin) }))
  routes.get('/meta', (c) => c.json(product))
  routes.route('/admin/api', adminRoutes(admin))
  // Claude Code asks with HEAD, without a key, whether anybody is there
  routes.get('/api/hello', (c) => c.body(null))
  // before the doors that ask for a key: an <img> has none
  routes.route('/v1', fileRoutes(parts))
  routes.route('/v1', anthropicRoutes(parts))
  routes.route('/v1', openAiRoutes(parts))
  routes.notFound((c) => {
    const message = `There is nothing at ${c.req.method} ${c.req.path}.`
    return renderError(new GatewayError('not_found', message), c, parts.log)
  })
  routes.onError((error, c) => renderError(error, c, parts.log))
  return routes
}
