import { Hono } from 'hono'
import { gatewayRoutes } from './gateway/socket.ts'
import { imagineRoutes } from './imagine/socket.ts'
import { controlRoutes } from './control/control-routes.ts'
import { assetRoutes } from './rest/assets.ts'
import { chatRoutes } from './rest/chat.ts'
import { creditRoutes } from './rest/credits.ts'
import { guardEdge } from './rest/edge.ts'
import type { ProductEnv, ServerBindings } from './rest/exchange.ts'
import { httpError } from './rest/http-errors.ts'
import { ownerSettingsRoutes } from './rest/owner-settings.ts'
import { imagineHistoryRoutes } from './rest/imagine-history.ts'
import { mediaPostRoutes } from './rest/media-posts.ts'
import { publicFileRoutes } from './rest/public-files.ts'
import { rateLimitRoutes } from './rest/rate-limits.ts'
import { recordExchange } from './rest/record.ts'
import { sessionRoutes } from './rest/session.ts'
import { uploadRoutes } from './rest/upload.ts'
import type { EmulatorState } from './state/emulator-state.ts'

/** The emulator as one Web handler: the product's paths, and the control routes under `/__emulator/`. */
export function createEmulatorApp(state: EmulatorState): Hono<{ Bindings: ServerBindings }> {
  const product = new Hono<ProductEnv>()
    .use(recordExchange(state), guardEdge(state))
    .route('/', chatRoutes(state))
    .route('/', rateLimitRoutes(state))
    .route('/', creditRoutes(state))
    .route('/', sessionRoutes(state))
    .route('/', ownerSettingsRoutes(state))
    .route('/', uploadRoutes(state))
    .route('/', assetRoutes(state))
    .route('/', mediaPostRoutes(state))
    .route('/', imagineHistoryRoutes(state))
    .route('/', publicFileRoutes(state))
    .route('/', imagineRoutes(state))
    .route('/', gatewayRoutes(state))
    .all('*', () => httpError('not-found'))
  return new Hono<{ Bindings: ServerBindings }>()
    .route('/__emulator', controlRoutes(state))
    .route('/', product)
    .onError((error, c) => c.json({ error: { code: 13, message: error.message, details: [] } }, 500))
}
