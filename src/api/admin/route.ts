import type { Context } from 'hono'
import { z } from 'zod'
import type { Json } from '../../core/job.ts'
import type { ApiEnv } from '../context.ts'
import { readJsonBody } from '../request-body.ts'
import type { Actor } from './actor.ts'
import { AdminError } from './admin-error.ts'
import type { RoutePolicy } from './guard.ts'

/** What a handler can learn about its request and leave with it, beside the input. */
export interface AdminCall {
  readonly c: Context<ApiEnv>
  readonly actor: Actor
  /** Ends when the client leaves. */
  readonly signal: AbortSignal
  /** Adds to the audit entry's detail; secrets must be masked already. */
  readonly note: (detail: Readonly<Record<string, Json>>) => void
  /** Sends a `Set-Cookie` with the answer. */
  readonly setCookie: (cookie: string) => void
}

/** What every route states about itself; the guard, the audit trail and the OpenAPI document follow it. */
export interface RouteFacts {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/admin/api`, in Hono's notation: `/batch/:id/stream`. */
  readonly path: `/${string}`
  readonly policy: RoutePolicy
  /** The action's name in the audit trail, e.g. `accounts.disable`; `none` for what only reads. */
  readonly audit: 'none' | `${string}.${string}`
  /** True for what changes nothing: it is done although the trail cannot be written now; its entry waits. */
  readonly runsWithoutTrail?: boolean
  /** One sentence for the documentation. */
  readonly summary: string
  /** `params`, `query` and `body` of the request, each an object schema; a body is read only if it is stated. */
  readonly input: z.ZodObject
  /** The body of a successful answer. */
  readonly answer: z.ZodType
  /** Of the answer; JSON unless stated. A handler of another one returns a `Response`. */
  readonly contentType?: string
  /** The largest body that is read; 1 MB unless stated. */
  readonly maxBodyBytes?: number
}

/** A route, ready to be served. */
export interface AdminRoute extends RouteFacts {
  readonly handle: (call: AdminCall) => Promise<Response>
}

interface RouteDefinition<Input extends z.ZodObject, Wire> extends RouteFacts {
  readonly input: Input
  readonly answer: z.ZodType<unknown, Wire>
  readonly handler: (input: z.output<Input>, call: AdminCall) => Answered<Wire> | Promise<Answered<Wire>>
}

/** Only the schema decides what an answer is; a handler must fit it. */
type Answered<Wire> = NoInfer<Wire> | Response

/** How every answer begins that says no more than that it was done. */
export const done = { status: 'success' } as const

/** The schema of {@link done}. */
export const doneSchema = z.object({ status: z.literal('success') })

/** The input of a route that takes none. */
export const noInput = z.object({})

/** Defines a route: its input is parsed before the handler runs, and what the handler returns is the JSON answer. */
export function adminRoute<Input extends z.ZodObject, Wire>(
  definition: RouteDefinition<Input, Wire>,
): AdminRoute {
  const { handler, ...facts } = definition
  return {
    ...facts,
    handle: async (call) => {
      const input = await readInput(definition.input, call.c)
      const answer = await handler(input, call)
      return answer instanceof Response ? answer : Response.json(answer)
    },
  }
}

async function readInput<Input extends z.ZodObject>(
  schema: Input,
  c: Context<ApiEnv>,
): Promise<z.output<Input>> {
  const body = 'body' in schema.shape ? { body: await readJsonBody(c) } : {}
  const result = schema.safeParse({ params: c.req.param(), query: c.req.query(), ...body })
  if (result.success) return result.data
  const fields = result.error.issues.map(({ path, message }) => ({
    key: path.slice(1).join('.') || String(path[0]),
    message,
  }))
  throw new AdminError('invalid_request', 'The request is not valid.', { fields })
}
