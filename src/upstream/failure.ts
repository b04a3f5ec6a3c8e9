import { GatewayError, type ErrorCode } from '../core/error.ts'

/** What an HTTP answer other than 200 said; `body` is its beginning. */
export interface HttpFailure {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** An error inside a stream (spec/upstream-chat.md §5.1.9); codes are gRPC status numbers. */
export interface StreamFailure {
  readonly code: number
  readonly message: string
}

/** How much of a body is read to learn the reason. */
export const MAX_FAILURE_BODY_LENGTH = 4096

/** How much of it is kept as evidence. */
const MAX_EVIDENCE_LENGTH = 200

/** spec/upstream-chat.md §8.2, split by what they mean for the account. */
const blockedMarkers = ['blocked-user', 'user is blocked', 'account suspended', 'email-domain-rejected']
const credentialMarkers = [
  'invalid-credentials',
  'bad-credentials',
  'failed to look up session id',
  'session not found',
  'token revoked',
  'token expired',
]
const contentMarkers = [
  'content violates usage guidelines',
  'safety_check_type',
  'content_moderated',
  'content moderated',
]
const lengthMarkers = ['user_prompt_too_long', 'beyond_context_length', 'prompt too long', 'context length']
const rateMarkers = ['too many requests', 'rate limit', 'usage limit', 'usage quota', 'usage pool']

/** The public sentence of each code; the caller learns nothing about the account. */
const sentences: Partial<Record<ErrorCode, string>> = {
  account_blocked: 'The upstream has blocked the account that was used.',
  credential_invalid: 'The upstream no longer accepts the login of the account that was used.',
  content_policy: 'The upstream refused the content under its usage guidelines.',
  context_length_exceeded: 'The conversation is too long for the upstream.',
  egress_rejected: "The upstream's edge refused the connection.",
  rate_limited: 'The upstream limits the account that was used.',
  upstream_rejected: 'The upstream did not accept the request.',
  upstream_unavailable: 'The upstream failed.',
}

const UNAUTHENTICATED = 16
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8

/** Why the upstream answered with this status (spec/upstream-chat.md §8.3, §8.4). */
export function classifyHttpFailure({ status, headers, body }: HttpFailure): GatewayError {
  const code = codeOfStatus(status, body.toLowerCase())
  const retryAfterSeconds = code === 'rate_limited' ? readRetryAfter(headers, body) : undefined
  return failure(code, `HTTP ${status}: ${excerpt(body)}`, { upstreamStatus: status, retryAfterSeconds })
}

/** Why the upstream ended a stream with an error (spec/upstream-chat.md §5.1.9, rules merged). */
export function classifyStreamFailure({ code, message }: StreamFailure): GatewayError {
  return failure(
    codeOfStreamError(code, message.toLowerCase()),
    `in the stream: code ${code}: ${excerpt(message)}`,
  )
}

/** The connection itself failed, before or during the answer. */
export function connectionFailure(cause: unknown): GatewayError {
  return new GatewayError('upstream_unavailable', 'The connection to the upstream failed.', { cause })
}

/** The answer ended without any mark of its end (spec/upstream-chat.md §5.1.4, success rule). */
export function truncatedFailure(cause: unknown): GatewayError {
  return new GatewayError('upstream_unavailable', 'The upstream broke off its answer.', { cause })
}

function codeOfStatus(status: number, body: string): ErrorCode {
  const mayCarryMarkers = status === 400 || status === 401 || status === 403
  if (mayCarryMarkers && includesAny(body, blockedMarkers)) return 'account_blocked'
  if (mayCarryMarkers && includesAny(body, credentialMarkers)) return 'credential_invalid'
  if (status === 401) return 'credential_invalid'
  if (status === 429) return 'rate_limited'
  if (isChallenge(body)) return 'egress_rejected'
  if (status === 403) return includesAny(body, contentMarkers) ? 'content_policy' : 'egress_rejected'
  if (status === 402 || status >= 500) return 'upstream_unavailable'
  return includesAny(body, lengthMarkers) ? 'context_length_exceeded' : 'upstream_rejected'
}

function codeOfStreamError(code: number, message: string): ErrorCode {
  if (includesAny(message, blockedMarkers)) return 'account_blocked'
  if (code === UNAUTHENTICATED || includesAny(message, credentialMarkers)) return 'credential_invalid'
  if (code === RESOURCE_EXHAUSTED || includesAny(message, rateMarkers)) return 'rate_limited'
  if (includesAny(message, contentMarkers)) return 'content_policy'
  if (includesAny(message, lengthMarkers)) return 'context_length_exceeded'
  if (code === PERMISSION_DENIED || message.includes('anti-bot')) return 'egress_rejected'
  return 'upstream_unavailable'
}

/** Whether a page of the edge stands where the upstream's answer should be. */
function isChallenge(body: string): boolean {
  return includesAny(body, ['just a moment', 'challenge-platform', '__cf_chl', 'cf-chl-'])
}

/** Seconds to wait, from the header (seconds or a date) or the body's `waitTimeSeconds` (§7.1). */
function readRetryAfter(headers: Headers, body: string): number | undefined {
  const header = headers.get('retry-after') ?? ''
  const seconds = Number(header)
  if (header !== '' && Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(header)
  if (!Number.isNaN(date)) return Math.max(0, (date - Date.now()) / 1000)
  const wait = /"waitTimeSeconds"\s*:\s*(\d+)/.exec(body)?.[1]
  return wait === undefined ? undefined : Number(wait)
}

function failure(
  code: ErrorCode,
  cause: string,
  options: { readonly upstreamStatus?: number; readonly retryAfterSeconds?: number | undefined } = {},
): GatewayError {
  const { upstreamStatus, retryAfterSeconds } = options
  return new GatewayError(code, sentences[code] ?? 'The upstream failed.', {
    cause,
    ...(upstreamStatus !== undefined && { upstreamStatus }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

function includesAny(text: string, markers: readonly string[]): boolean {
  return markers.some((marker) => text.includes(marker))
}

function excerpt(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim()
  return oneLine.length > MAX_EVIDENCE_LENGTH ? `${oneLine.slice(0, MAX_EVIDENCE_LENGTH)}…` : oneLine
}
