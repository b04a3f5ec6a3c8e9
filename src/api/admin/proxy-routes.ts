import { z } from 'zod'
import { GatewayError, toGatewayError } from '../../core/error.ts'
import { reasonRules, reasons, type Reason } from '../../core/reason.ts'
import { parseProxyNode } from '../../egress/proxy-node.ts'
import type { NodeReport, WayReport } from '../../egress/ways-out.ts'
import type { Clock } from '../../util/clock.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { AdminError } from './admin-error.ts'
import { adminRoute, done, doneSchema, noInput, type AdminRoute } from './route.ts'

/** What the routes of the ways out need. */
export interface ProxyRouteParts {
  readonly clock: Clock
  readonly waysOut: {
    /** The configured proxies; none: requests leave directly. Throws what is wrong with the settings. */
    nodes(): readonly NodeReport[]
    /** All ways that are in use; throws as well. */
    all(): readonly WayReport[]
    /** Asks the upstream's edge over a way out; throws what stands in the way. */
    test(proxyUrl: string | undefined, signal: AbortSignal): Promise<void>
  }
}

const MAX_URL_LENGTH = 2_048
/** Proxies that one test asks at most, and at once. */
const MAX_TESTED = 200
const TESTS_AT_ONCE = 8

const failureSchema = z.object({
  type: z.enum(['connection', 'rejected', 'silence']),
  reason: z.enum(reasons).nullable(),
  at: z.number(),
})

const nodeSchema = z.object({
  way_out: z.string().meta({ description: 'The address without user and password, or "direct".' }),
  use: z
    .enum(['requests', 'downloads', 'account'])
    .meta({ description: "`account`: an account's own proxy that has failed since the start." }),
  state: z.enum(['ready', 'trial', 'cooling']),
  health: z.number(),
  failures: z.int().meta({ description: 'Since the last answer.' }),
  cooling_seconds: z.number(),
  latency_ms: z.number().nullable().meta({ description: 'Usual time to the beginning of an answer.' }),
  last_answer_at: z.number().nullable(),
  last_failures: z.array(failureSchema).meta({ description: 'The last ones, oldest first.' }),
})

const resultSchema = z.object({
  way_out: z.string(),
  use: z.enum(['requests', 'downloads']),
  ok: z.boolean(),
  message: z.string(),
  reason: z.enum(reasons).nullable(),
  elapsed_ms: z.number(),
})

type Result = z.input<typeof resultSchema>
type Tested = Pick<Result, 'way_out' | 'use'> & { readonly proxyUrl?: string }

/** How the ways out do, and the test button of `proxy.egress`. */
export function proxyRoutes(parts: ProxyRouteParts): readonly AdminRoute[] {
  return [stateRoute(parts), testRoute(parts)]
}

function stateRoute({ waysOut, clock }: ProxyRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/egress',
    policy: 'admin',
    audit: 'none',
    summary: 'The ways out, and how each has done in this process.',
    input: noInput,
    answer: doneSchema.extend({ nodes: z.array(nodeSchema), problem: z.string().nullable() }),
    handler: () => {
      try {
        return { ...done, nodes: waysOut.all().map((way) => encodeWay(way, clock())), problem: null }
      } catch (thrown) {
        if (!(thrown instanceof GatewayError)) throw thrown
        return { ...done, nodes: [], problem: String(thrown.cause) }
      }
    },
  })
}

function testRoute(parts: ProxyRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/config/test/proxy',
    policy: 'admin',
    audit: 'config.test-proxy',
    summary: 'Asks the upstream over each way out, and says what stands in the way.',
    input: z.object({
      body: z.object({
        url: z
          .string()
          .max(MAX_URL_LENGTH)
          .optional()
          .meta({ description: 'One proxy instead of those that are saved.' }),
      }),
    }),
    answer: doneSchema.extend({ ok: z.boolean(), results: z.array(resultSchema) }),
    handler: async ({ body }, { signal, note }) => {
      const tested = listWays(parts, body.url).slice(0, MAX_TESTED)
      const results = await mapLimit(tested, TESTS_AT_ONCE, (way) => testWay(parts, way, signal))
      const ok = results.every((result) => result.ok)
      note({ ways: results.map(({ way_out }) => way_out), ok })
      return { ...done, ok, results }
    },
  })
}

function listWays({ waysOut }: ProxyRouteParts, url: string | undefined): readonly Tested[] {
  try {
    if (url !== undefined) {
      const { proxyUrl, name } = parseProxyNode(url.trim(), 'the address')
      return [{ way_out: name, use: 'requests', proxyUrl }]
    }
    const nodes = waysOut
      .nodes()
      .map(({ node, use }) => ({ way_out: node.name, use, proxyUrl: node.proxyUrl }))
    return nodes.length > 0 ? nodes : [{ way_out: 'direct', use: 'requests' }]
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    const message = String(thrown.cause)
    throw new AdminError('invalid_request', message, {
      fields: [{ key: url === undefined ? 'proxy.egress' : 'url', message }],
    })
  }
}

async function testWay(
  { waysOut, clock }: ProxyRouteParts,
  { proxyUrl, ...way }: Tested,
  signal: AbortSignal,
): Promise<Result> {
  const startedAt = clock()
  const outcome = await waysOut.test(proxyUrl, signal).then(() => undefined, toGatewayError)
  const elapsed_ms = clock() - startedAt
  if (!outcome)
    return { ...way, ok: true, message: 'The upstream answers on this way.', reason: null, elapsed_ms }
  const reason: Reason | null = outcome.reason ?? null
  const message =
    reason === null ? outcome.message : `${reasonRules[reason].sentence} ${reasonRules[reason].nextStep}`
  return { ...way, ok: false, message, reason, elapsed_ms }
}

function encodeWay(report: WayReport, now: number): z.input<typeof nodeSchema> {
  const { name, use, state, health, failures, coolUntil, latencyMs, answeredAt, history } = report
  return {
    way_out: name,
    use,
    state,
    health,
    failures,
    cooling_seconds: Math.max(0, Math.ceil((coolUntil - now) / 1000)),
    latency_ms: latencyMs === undefined ? null : Math.round(latencyMs),
    last_answer_at: answeredAt ?? null,
    last_failures: history.map(({ type, reason, at }) => ({ type, reason: reason ?? null, at })),
  }
}
