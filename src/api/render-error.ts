import type { Context } from 'hono'
import { toGatewayError } from '../core/error.ts'
import type { Reason } from '../core/reason.ts'
import { describeError, type Log } from '../util/log.ts'
import { encodeAnthropicError } from './anthropic/error-body.ts'
import type { ApiEnv } from './context.ts'
import { speaksAnthropic } from './dialect.ts'
import { encodeOpenAiError } from './openai/error-body.ts'

/** Seconds after which a repeat is suggested when the failure does not say. */
const DEFAULT_RETRY_AFTER_SECONDS = 1

/** Answers a failure in the caller's dialect; the cause goes to the log, under the id that the client gets. */
export function renderError(thrown: unknown, c: Context<ApiEnv>, log: Log): Response {
  const failure = toGatewayError(thrown)
  logFailure(failure, c, log)
  const { status, retryAfterSeconds } = failure
  const headers = new Headers(retryAfterHeader(status, retryAfterSeconds))
  const body = speaksAnthropic(c)
    ? encodeAnthropicError(failure, c.get('requestId'))
    : encodeOpenAiError(failure)
  return Response.json(body, { status, headers })
}

/** `Retry-After` for the statuses that carry it, in whole seconds. */
export function retryAfterHeader(status: number, seconds: number | undefined): Record<string, string> {
  if (status !== 429 && status !== 503) return {}
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds ?? DEFAULT_RETRY_AFTER_SECONDS))) }
}

/** Writes what went wrong with a request; a fault of our own with its stack. */
export function logFailure(
  failure: Error & { readonly code: string; readonly status: number; readonly reason?: Reason | undefined },
  c: Context<ApiEnv>,
  log: Log,
): void {
  const fields = {
    requestId: c.get('requestId'),
    method: c.req.method,
    path: c.req.path,
    status: failure.status,
    code: failure.code,
    ...(failure.reason !== undefined && { reason: failure.reason }),
  }
  if (failure.code === 'internal') {
    const { cause } = failure
    log.error('a request failed inside the gateway', {
      ...fields,
      error: describeError(failure),
      stack: cause instanceof Error ? cause.stack : undefined,
    })
  } else log.info('a request was refused', { ...fields, error: describeError(failure) })
}
