import { z } from 'zod'
import { product } from '../product.ts'
import { answeredCodes, adminErrorRules } from './admin-error.ts'
import { CSRF_HEADER, TICKET_PARAMETER, type RoutePolicy } from './guard.ts'
import { errorSchema } from './render-admin-error.ts'
import type { RouteFacts } from './route.ts'
import { SESSION_COOKIE } from './session-cookie.ts'

type JsonObject = Readonly<Record<string, unknown>>

const PATH_PREFIX = '/admin/api'

/** Who may use a route, as OpenAPI says it: one of these is enough. */
const security: Readonly<Record<RoutePolicy, readonly JsonObject[]>> = {
  public: [],
  admin: [{ bearer: [] }, { cookie: [] }],
  'admin-stream': [{ bearer: [] }, { cookie: [] }, { ticket: [] }],
}

/** The OpenAPI 3.1 document of the admin API, from the routes' own schemas and policies. */
export function describeApi(routes: readonly RouteFacts[]): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes) {
    const path = PATH_PREFIX + route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: describeRoute(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: `${product.name} admin API`, version: product.version, description: DESCRIPTION },
    paths,
    components: {
      schemas: { Error: toJsonSchema(errorSchema, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The admin password, app.app_key.' },
        cookie: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'From POST /login.' },
        ticket: {
          type: 'apiKey',
          in: 'query',
          name: TICKET_PARAMETER,
          description: 'From POST /stream-tickets.',
        },
      },
    },
  }
}

const DESCRIPTION = `Operations of the gateway. Changes with the session cookie need the header ${CSRF_HEADER}, whose value comes with the login and with GET /session, and an Origin of this server; with a bearer key they need neither. Times are epoch milliseconds unless a name says otherwise.`

function describeRoute(route: RouteFacts): JsonObject {
  const { method, path, policy, audit, summary, answer, contentType } = route
  const { params, query, body } = splitInput(route)
  const type = contentType ?? (policy === 'admin-stream' ? 'text/event-stream' : 'application/json')
  const csrf = method !== 'get' && policy !== 'public' ? [csrfParameter] : []
  const parameters = [...describeParameters('path', params), ...describeParameters('query', query), ...csrf]
  return {
    operationId: operationId(method, path),
    summary,
    tags: [path.split('/')[1]],
    security: security[policy],
    ...(audit !== 'none' && { 'x-audit-action': audit }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    responses: {
      200: { description: 'Done.', content: { [type]: { schema: toJsonSchema(answer, 'output') } } },
      ...errorResponses(policy, body !== undefined || parameters.length > csrf.length),
    },
  }
}

const csrfParameter = {
  name: CSRF_HEADER,
  in: 'header',
  required: false,
  description: 'Required with the session cookie.',
  schema: { type: 'string' },
} as const

/** The refusals that any caller must reckon with; others are in the enumeration of the error schema. */
function errorResponses(policy: RoutePolicy, hasInput: boolean): JsonObject {
  const statuses = new Set([401, 403, 429, 500, 503, ...(hasInput ? [400] : [])])
  if (policy === 'admin-stream') statuses.add(404)
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
  return Object.fromEntries(
    [...statuses].map((status) => {
      const codes = answeredCodes.filter((code) => adminErrorRules[code].status === status)
      return [String(status), { description: codes.join(', ') || 'Refused.', content }]
    }),
  )
}

function splitInput({ input }: RouteFacts): {
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: JsonObject | undefined
} {
  const shape: Readonly<Record<string, z.ZodType>> = input.shape
  const { params, query, body } = shape
  return { params, query, body: body && toJsonSchema(body, 'input') }
}

function describeParameters(place: 'path' | 'query', type: z.ZodType | undefined): readonly JsonObject[] {
  if (!(type instanceof z.ZodObject)) return []
  const members: Readonly<Record<string, z.ZodType>> = type.shape
  return Object.entries(members).map(([name, member]) => {
    const schema = toJsonSchema(member, 'input')
    const required = place === 'path' || !member.safeParse(undefined).success
    return { name, in: place, required, schema }
  })
}

/** What zod adds to a schema that stands by itself, and that has no place inside a document. */
const standaloneNames: ReadonlySet<string> = new Set(['$schema', '~standard'])

function toJsonSchema(type: z.ZodType, io: 'input' | 'output'): JsonObject {
  const schema = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !standaloneNames.has(name)))
}

/** `post-config-test-public-url`: stable, and unique since paths are. */
function operationId(method: string, path: string): string {
  return [method, ...path.split(/[/:.]+/).filter(Boolean)].join('-')
}
