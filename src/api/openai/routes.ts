import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { GatewayError } from '../../core/error.ts'
import { requireApiKey } from '../auth.ts'
import type { ApiEnv } from '../context.ts'
import { MAX_BODY_SIZE_BYTES } from '../request-body.ts'
import { chatCompletions } from './chat-completions.ts'
import { idempotency, type IdempotencyParts } from '../idempotency.ts'
import type { ServedModelsParts } from '../served-models.ts'
import { imagesRoutes } from './images/routes.ts'
import { listModels, retrieveModel } from './models.ts'
import { ownerOf } from './owner.ts'
import type { ResponsesParts } from './responses/responses-parts.ts'
import { responsesRoutes } from './responses/routes.ts'
import { videoRoutes, type VideoDoorParts } from './videos/routes.ts'

/** What the OpenAI door needs. */
export interface OpenAiParts extends ResponsesParts, ServedModelsParts, VideoDoorParts, IdempotencyParts {
  readonly apiKeys: () => readonly string[]
}

/** The OpenAI dialect, to be mounted at `/v1`. */
export function openAiRoutes(parts: OpenAiParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.use(requireApiKey(parts.apiKeys))
  routes.use(
    bodyLimit({
      maxSize: MAX_BODY_SIZE_BYTES,
      onError: () => {
        throw new GatewayError('payload_too_large', `The body is larger than ${MAX_BODY_SIZE_BYTES} bytes.`)
      },
    }),
  )
  const once = idempotency(parts, (c) => ownerOf(parts, c))
  for (const path of ['/responses', '/images/*', '/videos/*']) routes.use(path, once)
  routes.get('/models', (c) => c.json(listModels(parts)))
  routes.get('/models/:id', (c) => c.json(retrieveModel(c.req.param('id'), parts)))
  routes.post('/chat/completions', chatCompletions(parts))
  routes.route('/responses', responsesRoutes(parts))
  routes.route('/images', imagesRoutes(parts))
  routes.route('/videos', videoRoutes(parts))
  return routes
}
