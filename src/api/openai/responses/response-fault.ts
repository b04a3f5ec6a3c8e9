import type { ErrorCode, GatewayError } from '../../../core/error.ts'
import { encodeOpenAiError } from '../error-body.ts'
import type { ResponseFault } from './response-object.ts'

/** Seconds after which a repeat is suggested when the failure does not say. */
const DEFAULT_RETRY_AFTER_SECONDS = 1

/**
 * The code of a failed response. Clients act on it: Codex asks again after `server_error`, after the time named with
 * `rate_limit_exceeded`, and stops at the others (spec/clients.md §3.1).
 */
export const faultCodes: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'invalid_prompt',
  context_length_exceeded: 'context_length_exceeded',
  content_policy: 'invalid_prompt',
  authentication_failed: 'invalid_prompt',
  not_found: 'invalid_prompt',
  model_not_found: 'invalid_prompt',
  not_ready: 'invalid_prompt',
  job_failed: 'invalid_prompt',
  method_not_allowed: 'invalid_prompt',
  payload_too_large: 'invalid_prompt',
  unsupported_media_type: 'invalid_prompt',
  no_account: 'rate_limit_exceeded',
  rate_limited: 'rate_limit_exceeded',
  client_closed: 'server_error',
  internal: 'server_error',
  egress_rejected: 'server_error',
  upstream_rejected: 'server_error',
  upstream_unavailable: 'server_error',
  account_blocked: 'server_error',
  account_restricted: 'server_error',
  credential_invalid: 'server_error',
  unavailable: 'server_error',
  upstream_timeout: 'server_error',
}

/** A failure as a failed response tells it; a limit with the time after which a repeat may succeed, in Codex's words. */
export function encodeFault(failure: GatewayError): ResponseFault {
  const code = faultCodes[failure.code]
  if (code !== 'rate_limit_exceeded') return { code, message: failure.message }
  const seconds = failure.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS
  return { code, message: `${failure.message} Please try again in ${seconds}s.` }
}

/** The fields of an `error` event, flat as the official type and nested as other clients read it (spec/clients.md §3.4). */
export function encodeErrorFields(failure: GatewayError) {
  const { error } = encodeOpenAiError(failure)
  return { code: error.code, message: error.message, param: error.param, error }
}
