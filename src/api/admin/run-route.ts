import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Json } from '../../core/job.ts'
import { GatewayError } from '../../core/error.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { ApiEnv } from '../context.ts'
import { nameActor, type Actor } from './actor.ts'
import type { AuditTrail } from './audit-trail.ts'
import { clientAddress, type Guard } from './guard.ts'
import { renderAdminError, toFailure } from './render-admin-error.ts'
import type { AdminCall, AdminRoute } from './route.ts'
import { sessionCookie } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024

/** What every route runs with. */
export interface RunParts {
  readonly guard: Guard
  readonly sessions: Sessions
  readonly trail: AuditTrail
  readonly publicUrl: () => string
  readonly clock: Clock
  readonly log: Log
}

/** What a request gathers on its way, for the answer's headers and the audit trail. */
interface Journey {
  actor: Actor
  detail: Readonly<Record<string, Json>>
  readonly cookies: string[]
}

/** Serves one request: who is it, may it, can it be recorded, do it, record it. Never throws. */
export async function runRoute(parts: RunParts, route: AdminRoute, c: Context<ApiEnv>): Promise<Response> {
  const journey: Journey = { actor: { type: 'nobody' }, detail: {}, cookies: [] }
  let response: Response
  try {
    response = await serve(parts, route, { c, journey })
    for (const cookie of journey.cookies) response.headers.append('set-cookie', cookie)
  } catch (thrown) {
    const failure = toFailure(thrown)
    journey.detail = { ...journey.detail, error: failure.code }
    response = renderAdminError(failure, c, parts.log)
  }
  if (route.audit !== 'none') {
    await parts.trail.record({
      at: parts.clock(),
      actor: nameActor(journey.actor),
      address: clientAddress(c),
      action: route.audit,
      requestId: c.get('requestId'),
      detail: journey.detail,
      status: response.status,
    })
  }
  return response
}

interface Request {
  readonly c: Context<ApiEnv>
  readonly journey: Journey
}

async function serve(parts: RunParts, route: AdminRoute, { c, journey }: Request): Promise<Response> {
  journey.actor = parts.guard.identify(c, route.policy)
  const { actor } = journey
  if (route.method !== 'get') parts.guard.checkIntent(c, actor)
  if (route.audit !== 'none' && route.runsWithoutTrail !== true) await parts.trail.ready()
  renewSession(parts, { c, journey })
  const call: AdminCall = {
    c,
    actor,
    signal: c.req.raw.signal,
    note: (detail) => {
      journey.detail = { ...journey.detail, ...detail }
    },
    setCookie: (cookie) => journey.cookies.push(cookie),
  }
  return withBodyLimit(c, route.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, () => route.handle(call))
}

function renewSession({ sessions, publicUrl }: RunParts, { c, journey }: Request): void {
  const { actor, cookies } = journey
  if (actor.type !== 'session' || !sessions.needsRenewal(actor.session)) return
  const session = sessions.renew(actor.session)
  journey.actor = { type: 'session', session }
  cookies.push(sessionCookie(sessions.encode(session), { requestUrl: c.req.url, publicUrl: publicUrl() }))
}

async function withBodyLimit(
  c: Context<ApiEnv>,
  maxSize: number,
  handle: () => Promise<Response>,
): Promise<Response> {
  const onError = (): never => {
    throw new GatewayError('payload_too_large', `The body is larger than ${maxSize} bytes.`)
  }
  let response: Response | undefined
  await bodyLimit({ maxSize, onError })(c, async () => {
    response = await handle()
  })
  if (response === undefined) throw new Error('the body limit neither refused nor went on')
  return response
}
