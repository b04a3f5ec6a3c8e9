import { usualReason, type Reason } from './reason.ts'

/** Every error code, in the order of `docs/errors.md`. */
export const errorCodes = [
  'invalid_request',
  'context_length_exceeded',
  'content_policy',
  'authentication_failed',
  'not_found',
  'model_not_found',
  'not_ready',
  'job_failed',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'no_account',
  'rate_limited',
  'client_closed',
  'internal',
  'egress_rejected',
  'upstream_rejected',
  'upstream_unavailable',
  'account_blocked',
  'account_restricted',
  'credential_invalid',
  'unavailable',
  'upstream_timeout',
] as const

/** The closed set of error codes. */
export type ErrorCode = (typeof errorCodes)[number]

/** What the attempt loop may do after a failure: nothing, or another account (spec/upstream-chat.md §8.4). */
export type RetryAdvice = 'never' | 'other-account'

interface ErrorRule {
  readonly status: number
  readonly retry: RetryAdvice
  /** Whose fault it is, in a sentence for `docs/errors.md`. */
  readonly meaning: string
}

/** Every failure a caller can meet: its HTTP status, whether another account may help, and what it means. */
export const errorRules: Readonly<Record<ErrorCode, ErrorRule>> = {
  invalid_request: rule(
    400,
    'never',
    'The request is malformed or asks for something this gateway refuses by name.',
  ),
  context_length_exceeded: rule(400, 'never', 'The conversation is longer than the upstream accepts.'),
  content_policy: rule(400, 'never', 'The upstream refused the content; the refusal is passed on as it is.'),
  authentication_failed: rule(401, 'never', 'No API key was sent, or it is not one of the configured keys.'),
  not_found: rule(404, 'never', 'There is nothing at this path.'),
  model_not_found: rule(
    404,
    'never',
    'The model is not in the catalogue, or not available at this endpoint.',
  ),
  not_ready: rule(409, 'never', 'What was asked for is still being made.'),
  job_failed: rule(409, 'never', 'What was asked for could not be made; the message says why.'),
  method_not_allowed: rule(405, 'never', 'The path exists, but not for this method.'),
  payload_too_large: rule(
    413,
    'never',
    'The request body, or a file of the conversation, is larger than the gateway accepts.',
  ),
  unsupported_media_type: rule(415, 'never', 'The request body is not of a type that this endpoint reads.'),
  no_account: rule(
    429,
    'never',
    'No account can take the request now: all are busy, exhausted or out of order.',
  ),
  rate_limited: rule(429, 'other-account', 'The upstream limits the account that was used.'),
  client_closed: rule(
    499,
    'never',
    'The client left before the answer was complete. Never sent, only logged.',
  ),
  internal: rule(500, 'never', 'A fault of the gateway itself; the log has the cause under the request id.'),
  egress_rejected: rule(
    502,
    'other-account',
    "The upstream's edge refused the connection or the way out (challenge, anti-bot).",
  ),
  upstream_rejected: rule(502, 'never', 'The upstream did not accept what the gateway sent.'),
  upstream_unavailable: rule(
    502,
    'other-account',
    'The upstream failed, could not be reached, or broke off its answer.',
  ),
  account_blocked: rule(503, 'other-account', 'The upstream has blocked the account that was used.'),
  account_restricted: rule(
    503,
    'other-account',
    'The account that was used must first accept terms or state an age at the upstream.',
  ),
  credential_invalid: rule(
    503,
    'other-account',
    'The upstream no longer accepts the login of the account that was used.',
  ),
  unavailable: rule(503, 'never', 'The gateway is starting or stopping, or one of its parts is not ready.'),
  upstream_timeout: rule(
    504,
    'other-account',
    'The upstream stayed silent for longer than the configured time.',
  ),
}

export interface GatewayErrorOptions {
  /** What really happened; goes to the log, never to a caller. */
  readonly cause?: unknown
  /** The request field at fault, as a path such as `messages.0.content`. */
  readonly param?: string
  /** Seconds after which a repeat may succeed. */
  readonly retryAfterSeconds?: number | undefined
  /** The HTTP status of the upstream's answer, where there was one; never passed on as ours. */
  readonly upstreamStatus?: number
  /** The true reason, where it is known better than the code tells. */
  readonly reason?: Reason | undefined
}

/** The one error of the gateway: a public code and sentence, and a private cause. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly param: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly upstreamStatus: number | undefined
  /** For the log, the account's history and the admin API; callers get its sentence at most. */
  readonly reason: Reason | undefined

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.param = options.param
    this.retryAfterSeconds = options.retryAfterSeconds
    this.upstreamStatus = options.upstreamStatus
    this.reason = options.reason ?? usualReason(code)
  }

  get status(): number {
    return errorRules[this.code].status
  }

  get retry(): RetryAdvice {
    return errorRules[this.code].retry
  }
}

/** Anything thrown as a {@link GatewayError}; what is not one already becomes `internal` with the original as its cause. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal', 'The gateway met an unexpected fault.', { cause: thrown })
}

function rule(status: number, retry: RetryAdvice, meaning: string): ErrorRule {
  return { status, retry, meaning }
}
