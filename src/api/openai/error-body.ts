import type { ErrorCode, GatewayError } from '../../core/error.ts'

/** The official error object, with our code where the official API has none. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
}

type Naming = readonly [type: string, code: string]

/** `type` and `code` of the official API for each of our codes; upstream causes keep ours. */
export const openAiErrorNames: Readonly<Record<ErrorCode, Naming>> = {
  invalid_request: ['invalid_request_error', 'invalid_value'],
  context_length_exceeded: ['invalid_request_error', 'context_length_exceeded'],
  content_policy: ['invalid_request_error', 'content_policy_violation'],
  authentication_failed: ['invalid_request_error', 'invalid_api_key'],
  not_found: ['invalid_request_error', 'not_found'],
  model_not_found: ['invalid_request_error', 'model_not_found'],
  not_ready: ['invalid_request_error', 'video_not_ready'],
  job_failed: ['invalid_request_error', 'video_failed'],
  method_not_allowed: ['invalid_request_error', 'method_not_allowed'],
  payload_too_large: ['invalid_request_error', 'payload_too_large'],
  unsupported_media_type: ['invalid_request_error', 'unsupported_media_type'],
  no_account: ['rate_limit_error', 'rate_limit_exceeded'],
  rate_limited: ['rate_limit_error', 'rate_limit_exceeded'],
  client_closed: ['invalid_request_error', 'client_closed'],
  internal: ['server_error', 'internal_error'],
  egress_rejected: ['server_error', 'egress_rejected'],
  upstream_rejected: ['server_error', 'upstream_rejected'],
  upstream_unavailable: ['server_error', 'upstream_unavailable'],
  account_blocked: ['server_error', 'account_blocked'],
  account_restricted: ['server_error', 'account_restricted'],
  credential_invalid: ['server_error', 'credential_invalid'],
  unavailable: ['server_error', 'unavailable'],
  upstream_timeout: ['server_error', 'upstream_timeout'],
}

/** A failure as the official API words it. */
export function encodeOpenAiError(failure: GatewayError): OpenAiErrorBody {
  const [type, code] = openAiErrorNames[failure.code]
  return { error: { message: failure.message, type, param: failure.param ?? null, code } }
}
