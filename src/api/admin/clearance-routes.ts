import { z } from 'zod'
import { describeError } from '../../util/log.ts'
import type { Clock } from '../../util/clock.ts'
import { AdminError } from './admin-error.ts'
import { adminRoute, done, doneSchema, noInput, type AdminRoute } from './route.ts'

/** How one clearance stands, without its values. */
export interface ClearanceView {
  readonly wayOut: string
  readonly host: string
  readonly state: 'missing' | 'valid' | 'expired' | 'refused' | 'outdated'
  readonly cookieNames: readonly string[]
  readonly userAgent: string | undefined
  readonly solvedAt: number | undefined
  readonly expiresAt: number | undefined
  readonly lastFailure: { readonly at: number; readonly message: string } | undefined
}

/** What the routes of the clearances need. */
export interface ClearanceRouteParts {
  readonly clock: Clock
  readonly clearance: {
    reports(): readonly ClearanceView[]
    /** Has FlareSolverr open the upstream once; nothing of it is kept. Throws what keeps it from that. */
    test(url: string | undefined, signal: AbortSignal): Promise<TestedSolver>
    /** As it is saved; empty: none. */
    solverUrl(): string
  }
}

interface TestedSolver {
  readonly wayOut: string
  readonly userAgent: string
  readonly cookieNames: readonly string[]
}

const MAX_URL_LENGTH = 2_048

const clearanceSchema = z.object({
  way_out: z.string().meta({ description: 'The address without user and password.' }),
  host: z.string(),
  state: z.enum(['missing', 'valid', 'expired', 'refused', 'outdated']),
  cookies: z.array(z.string()).meta({ description: 'Their names only.' }),
  user_agent: z.string().nullable(),
  solved_at: z.number().nullable(),
  expires_at: z.number().nullable(),
  last_failure: z.object({ at: z.number(), message: z.string() }).nullable(),
})

/** How the clearances do, and the test button of `proxy.clearance`. */
export function clearanceRoutes(parts: ClearanceRouteParts): readonly AdminRoute[] {
  return [stateRoute(parts), testRoute(parts)]
}

function stateRoute({ clearance }: ClearanceRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/clearance',
    policy: 'admin',
    audit: 'none',
    summary: 'The clearances that this process knows, by way out and host.',
    input: noInput,
    answer: doneSchema.extend({ clearances: z.array(clearanceSchema) }),
    handler: () => ({ ...done, clearances: clearance.reports().map(encodeView) }),
  })
}

function testRoute({ clearance, clock }: ClearanceRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/config/test/solver',
    policy: 'admin',
    audit: 'config.test-solver',
    summary: 'Has FlareSolverr open the upstream once, and says what came of it.',
    input: z.object({
      body: z.object({
        url: z
          .url({ protocol: /^https?$/ })
          .max(MAX_URL_LENGTH)
          .optional()
          .meta({ description: 'An address instead of the one that is saved.' }),
      }),
    }),
    answer: doneSchema.extend({
      ok: z.boolean(),
      message: z.string(),
      way_out: z.string().nullable(),
      user_agent: z.string().nullable(),
      cookies: z.array(z.string()).meta({ description: 'Their names only.' }),
      elapsed_ms: z.number(),
    }),
    handler: async ({ body }, { signal, note }) => {
      requireAddress(body.url ?? clearance.solverUrl())
      const startedAt = clock()
      const tested = await clearance.test(body.url, signal).catch(describeError)
      const elapsed_ms = clock() - startedAt
      const ok = typeof tested !== 'string'
      note({ ok })
      return { ...done, ok, elapsed_ms, ...encodeTested(tested) }
    },
  })
}

function requireAddress(url: string): void {
  if (url !== '') return
  const message = 'There is no address of a FlareSolverr.'
  throw new AdminError('invalid_request', message, {
    fields: [{ key: 'proxy.clearance.flaresolverr_url', message }],
  })
}

function encodeTested(tested: TestedSolver | string) {
  if (typeof tested === 'string')
    return { message: `FlareSolverr failed: ${tested}`, way_out: null, user_agent: null, cookies: [] }
  const { wayOut, userAgent, cookieNames } = tested
  const message = cookieNames.includes('cf_clearance')
    ? 'FlareSolverr brought a clearance.'
    : 'FlareSolverr opened the upstream, whose edge asked for nothing.'
  return { message, way_out: wayOut, user_agent: userAgent, cookies: [...cookieNames] }
}

function encodeView(view: ClearanceView): z.input<typeof clearanceSchema> {
  const { wayOut, host, state, cookieNames, userAgent, solvedAt, expiresAt, lastFailure } = view
  return {
    way_out: wayOut,
    host,
    state,
    cookies: [...cookieNames],
    user_agent: userAgent ?? null,
    solved_at: solvedAt ?? null,
    expires_at: expiresAt ?? null,
    last_failure: lastFailure ?? null,
  }
}
