import { GatewayError, type ErrorCode } from '../../core/error.ts'

/** The official error types that we have a use for. */
export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'overloaded_error'
  | 'api_error'

/** The official `type` for each of our codes. */
export const anthropicErrorTypes: Readonly<Record<ErrorCode, AnthropicErrorType>> = {
  invalid_request: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  content_policy: 'invalid_request_error',
  authentication_failed: 'authentication_error',
  not_found: 'not_found_error',
  model_not_found: 'not_found_error',
  not_ready: 'invalid_request_error',
  job_failed: 'invalid_request_error',
  method_not_allowed: 'invalid_request_error',
  payload_too_large: 'request_too_large',
  unsupported_media_type: 'invalid_request_error',
  no_account: 'rate_limit_error',
  rate_limited: 'rate_limit_error',
  client_closed: 'api_error',
  internal: 'api_error',
  egress_rejected: 'api_error',
  upstream_rejected: 'api_error',
  upstream_unavailable: 'api_error',
  account_blocked: 'overloaded_error',
  account_restricted: 'overloaded_error',
  credential_invalid: 'overloaded_error',
  unavailable: 'overloaded_error',
  upstream_timeout: 'timeout_error',
}

/** The official error envelope. */
export interface AnthropicErrorBody {
  readonly type: 'error'
  readonly error: {
    readonly type: AnthropicErrorType
    readonly message: string
    readonly details?: Readonly<Record<string, unknown>>
  }
  readonly request_id: string
}

/**
 * Conversations kept by the server (`thread`) are not served. The official client looks for the code in the details and
 * goes on with the whole history instead (spec/clients.md §3.3).
 */
export class ThreadUnsupportedError extends GatewayError {
  readonly details = { error_code: 'thread_unsupported_request', unsupported: ['thread'] } as const

  constructor() {
    const message = 'thread: this gateway keeps no conversations; send the whole history in messages.'
    super('invalid_request', message, { param: 'thread' })
  }
}

/** A failure as the official API words it. */
export function encodeAnthropicError(failure: GatewayError, requestId: string): AnthropicErrorBody {
  const error = { type: anthropicErrorTypes[failure.code], message: describe(failure) }
  const details = failure instanceof ThreadUnsupportedError ? { details: failure.details } : {}
  return { type: 'error', error: { ...error, ...details }, request_id: requestId }
}

/** Coding agents know a conversation that has to be compacted by the official words, not by a code. */
function describe({ code, message }: GatewayError): string {
  return code === 'context_length_exceeded' ? `prompt is too long: ${message}` : message
}
