import { Hono, type Handler } from 'hono'
import { requireApiKey } from '../auth.ts'
import type { ChatDoorParts } from '../chat-door.ts'
import type { ApiEnv } from '../context.ts'
import { speaksAnthropic } from '../dialect.ts'
import { limitBody } from '../request-body.ts'
import { findServedModel, type ServedModelsParts } from '../served-models.ts'
import { countTokens } from './count-tokens.ts'
import { messages } from './messages.ts'
import { encodeModel, listModels } from './models.ts'

/** What the Anthropic door needs. */
export interface AnthropicParts extends ChatDoorParts, ServedModelsParts {
  readonly apiKeys: () => readonly string[]
}

/**
 * The Anthropic dialect, to be mounted at `/v1` before the OpenAI one: the paths of models are the same in both, and
 * requests for them that do not speak this dialect pass on.
 */
export function anthropicRoutes(parts: AnthropicParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const requireKey = requireApiKey(parts.apiKeys)
  routes.use('/messages/*', requireKey, limitBody())
  routes.post('/messages', messages(parts))
  routes.post('/messages/count_tokens', countTokens(parts))
  const list: Handler<ApiEnv> = (c) => c.json(listModels(parts, c.req.query()))
  const retrieve: Handler<ApiEnv> = (c) =>
    c.json(encodeModel(findServedModel(c.req.param('id') ?? '', parts)))
  routes.get('/models', forAnthropic(requireKey), forAnthropic(list))
  routes.get('/models/:id', forAnthropic(requireKey), forAnthropic(retrieve))
  return routes
}

/** A handler that only callers of this dialect meet. */
function forAnthropic(handler: Handler<ApiEnv>): Handler<ApiEnv> {
  return (c, next) => (speaksAnthropic(c) ? handler(c, next) : next())
}
