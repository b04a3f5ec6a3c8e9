import type { Context } from 'hono'
import { z } from 'zod'
import { toGatewayError, type GatewayError } from '../../core/error.ts'
import type { Log } from '../../util/log.ts'
import type { ApiEnv } from '../context.ts'
import { logFailure, retryAfterHeader } from '../render-error.ts'
import { AdminError, answeredCodes, type FieldFault } from './admin-error.ts'

/** The one error body of the admin API. */
export const errorSchema = z.object({
  error: z.object({
    code: z.enum(answeredCodes),
    message: z.string(),
    request_id: z.string().meta({ description: "Also in the gateway's log, with the cause." }),
    fields: z
      .array(z.object({ key: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every field at fault.' }),
  }),
})

/** A failure as it is answered. */
export type Failure = AdminError | GatewayError

/** Anything thrown as a failure; what is not one already becomes `internal`. */
export function toFailure(thrown: unknown): Failure {
  return thrown instanceof AdminError ? thrown : toGatewayError(thrown)
}

/** Answers a failure in the admin API's envelope; the cause goes to the log, under the id that the client gets. */
export function renderAdminError(failure: Failure, c: Context<ApiEnv>, log: Log): Response {
  logFailure(failure, c, log)
  const { status, code, message } = failure
  const fields = fieldsOf(failure)
  const headers = new Headers(retryAfterHeader(status, failure.retryAfterSeconds))
  const error = { code, message, request_id: c.get('requestId'), ...(fields.length > 0 && { fields }) }
  return Response.json({ error }, { status, headers })
}

function fieldsOf(failure: Failure): readonly FieldFault[] {
  if (failure instanceof AdminError) return failure.fields
  return failure.param === undefined ? [] : [{ key: failure.param, message: failure.message }]
}
