import { Hono, type Context } from 'hono'
import { GatewayError } from '../../../core/error.ts'
import type { ApiEnv } from '../../context.ts'
import { renderError } from '../../render-error.ts'
import { mediaLinks } from '../../media-links.ts'
import { compactResponse } from './compact-response.ts'
import { createResponse } from './create-response.ts'
import { countInputTokens } from './input-tokens.ts'
import { keptRoutes } from './kept-routes.ts'
import { ownerOf } from '../owner.ts'
import type { ResponsesParts } from './responses-parts.ts'
import { ResponsesSession } from './socket-session.ts'

/** The Responses API, to be mounted at `/v1/responses`. */
export function responsesRoutes(parts: ResponsesParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.post('/', createResponse(parts))
  routes.get('/', (c) => answerUpgrade(parts, c))
  routes.post('/input_tokens', countInputTokens(parts))
  routes.post('/compact', compactResponse(parts))
  routes.route('/', keptRoutes(parts))
  return routes
}

/**
 * Makes a request for a socket one, where the server can. Where it cannot, 426 sends Codex to HTTP at once and in silence
 * (spec/clients.md §3.1).
 */
function answerUpgrade(parts: ResponsesParts, c: Context<ApiEnv>): Response {
  if (c.req.header('upgrade')?.toLowerCase() === 'websocket') {
    const session = new ResponsesSession(parts, ownerOf(parts, c), mediaLinks(c, parts.linkSettings()))
    if (c.env?.upgrade?.(session)) return new Response(null)
    const message = 'Responses are served over HTTP: POST /v1/responses.'
    const error = { message, type: 'invalid_request_error', param: null, code: 'upgrade_required' }
    return Response.json({ error }, { status: 426, headers: { connection: 'close' } })
  }
  const message = `${c.req.path} is there for POST, not for GET.`
  const response = renderError(new GatewayError('method_not_allowed', message), c, parts.log)
  response.headers.set('allow', 'POST')
  return response
}
