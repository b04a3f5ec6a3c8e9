import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { GatewayError } from '../../core/error.ts'
import type { AuditStore } from '../../store/contract.ts'
import type { ApiEnv } from '../context.ts'
import { accountRoutes } from './account-routes.ts'
import { assetRoutes, type AssetActions } from './asset-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { AuditTrail } from './audit-trail.ts'
import { batchRoutes, type BatchRouteParts } from './batch-routes.ts'
import { cacheRoutes, type CacheRouteParts } from './cache-routes.ts'
import type { ConfigChangeParts } from './config-change.ts'
import { configHistoryRoutes } from './config-history-routes.ts'
import { configRoutes } from './config-routes.ts'
import { configViews } from './config-views.ts'
import { doctorRoutes, type DoctorRouteParts } from './doctor-routes.ts'
import { Guard } from './guard.ts'
import { LoginThrottle } from './login-throttle.ts'
import { openApiRoute } from './openapi-route.ts'
import { ownerSettingsRoutes, type OwnerActions } from './owner-settings-routes.ts'
import { clearanceRoutes, type ClearanceRouteParts } from './clearance-routes.ts'
import { proxyRoutes, type ProxyRouteParts } from './proxy-routes.ts'
import { publicUrlRoute, type PublicUrlParts } from './public-url-route.ts'
import { renderAdminError, toFailure } from './render-admin-error.ts'
import type { AdminRoute } from './route.ts'
import { runRoute } from './run-route.ts'
import { Sessions } from './sessions.ts'
import { sessionRoutes, type SessionRouteParts } from './session-routes.ts'
import { macOf } from './signed-token.ts'
import { taskRoutes } from './task-routes.ts'
import { systemRoutes, type SystemRouteParts } from './system-routes.ts'

const securityHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const

/** What the admin API needs from the rest of the gateway. */
export interface AdminParts
  extends
    ConfigChangeParts,
    SystemRouteParts,
    BatchRouteParts,
    CacheRouteParts,
    ProxyRouteParts,
    ClearanceRouteParts,
    DoctorRouteParts {
  /** What is asked of the upstream about an account, or told in its owner's name. */
  readonly actions: AssetActions & OwnerActions
  readonly audit: AuditStore
  /** Resolves if the store answers; nothing is changed while it does not. */
  readonly pingStore: () => Promise<void>
  /** A secret of the installation, the same in every worker: the master key that credentials are sealed with. */
  readonly sessionKey: Buffer
  /** How the public address is asked; the runtime's unless a test hands in another. */
  readonly fetch?: PublicUrlParts['fetch']
}

/** What the routes are built of: the parts, and what is made of them once. */
interface RouteParts extends AdminParts, SessionRouteParts, PublicUrlParts {
  readonly trail: AuditTrail
  readonly fetch: PublicUrlParts['fetch']
}

/** The admin API, to be mounted at `/admin/api`. */
export function adminRoutes(parts: AdminParts): Hono<ApiEnv> {
  return serveRoutes(prepareParts(parts), listRoutes)
}

/** How this installation names itself at `/health`. */
export function instanceIdOf({ sessionKey }: Pick<AdminParts, 'sessionKey'>): string {
  return macOf(sessionKey, 'instance', '').slice(0, INSTANCE_ID_LENGTH)
}

const INSTANCE_ID_LENGTH = 16

/** Every route there is. A new group of routes is one more line here. */
export function listRoutes(parts: RouteParts): readonly AdminRoute[] {
  return [
    ...sessionRoutes(parts),
    ...systemRoutes(parts),
    ...configViews(parts),
    ...configRoutes(parts),
    ...configHistoryRoutes(parts),
    publicUrlRoute(parts),
    ...proxyRoutes(parts),
    ...clearanceRoutes(parts),
    ...doctorRoutes(parts),
    ...auditRoutes(parts),
    ...accountRoutes(parts),
    ...taskRoutes(parts),
    ...batchRoutes(parts),
    ...assetRoutes(parts),
    ...cacheRoutes(parts),
    ...ownerSettingsRoutes(parts),
  ]
}

/** Makes, once per process, what the routes share. */
export function prepareParts(parts: AdminParts): RouteParts {
  const { settings, sessionKey, clock, log, audit, pingStore } = parts
  const appKey = (): string => settings.current.app.app_key
  const publicUrl = (): string => settings.current.app.app_url
  const sessions = new Sessions({ sessionKey, appKey, clock })
  return {
    ...parts,
    sessions,
    publicUrl,
    guard: new Guard({ appKey, publicUrl, sessions, throttle: new LoginThrottle(clock) }),
    trail: new AuditTrail({ store: audit, ping: pingStore, log }),
    instanceId: instanceIdOf(parts),
    fetch: parts.fetch ?? fetch,
  }
}

/** Serves a list of routes, their description, and a refusal of everything else. */
export function serveRoutes(
  parts: RouteParts,
  list: (parts: RouteParts) => readonly AdminRoute[],
): Hono<ApiEnv> {
  const described = list(parts)
  const routes = [...described, openApiRoute(described)]
  const app = new Hono<ApiEnv>()
  app.use(addSecurityHeaders)
  for (const route of routes) app.on(route.method.toUpperCase(), route.path, (c) => runRoute(parts, route, c))
  app.all('*', (c) => {
    try {
      parts.guard.identify(c, 'admin')
      throw explainMissing(routes, c.req.method, c.req.path)
    } catch (thrown) {
      return renderAdminError(toFailure(thrown), c, parts.log)
    }
  })
  return app
}

const addSecurityHeaders = createMiddleware<ApiEnv>(async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value)
})

function explainMissing(routes: readonly AdminRoute[], method: string, path: string): GatewayError {
  const own = path.replace(/^\/admin\/api/, '')
  const isHere = (route: AdminRoute): boolean =>
    new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`).test(own)
  const methods = routes.filter(isHere).map((route) => route.method.toUpperCase())
  return methods.length === 0
    ? new GatewayError('not_found', `There is nothing at ${method} ${path}.`)
    : new GatewayError('method_not_allowed', `${path} is there for ${methods.join(', ')}, not for ${method}.`)
}
