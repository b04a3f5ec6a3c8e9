import { GatewayError, type ErrorCode, type GatewayErrorOptions } from '../core/error.ts'
import { reasonRules, usualReason, type Reason } from '../core/reason.ts'
import { describeConnection } from './connection-reason.ts'

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

/**
 * Words that decide, as {@link plainWords} writes them: the upstream joins them now by blanks, now by hyphens or underscores.
 * Those of spec/upstream-chat.md §8.2 are split by what they mean for the account.
 */
const blockedMarkers = ['blocked user', 'user is blocked', 'account suspended', 'email domain rejected']
const credentialMarkers = [
  'invalid credentials',
  'bad credentials',
  'failed to look up session id',
  'session not found',
  'token revoked',
  'token expired',
]
const contentMarkers = [
  'content violates usage guidelines',
  'safety check type',
  'content moderated',
  'content policy',
  'content filter',
]

/** Gates that the owner of an account opens; the wire's words are not all known (spec/upstream-media.md §17.1). */
const gateMarkers = [
  'accept the terms',
  'accept our terms',
  'accept tos',
  'tos not accepted',
  'terms not accepted',
  'birth date',
  'age verification',
]

const lengthMarkers = ['prompt too long', 'context length']
const rateMarkers = [
  'too many requests',
  'rate limit',
  'usage limit',
  'usage quota',
  'usage pool',
  'resource exhausted',
]

const INVALID_ARGUMENT = 3
const UNAUTHENTICATED = 16
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8
const PROXY_AUTHENTICATION = 407

/** For the one code of the upstream that has no reason: the caller alone can mend it. */
const OTHER_SENTENCE = 'The conversation is too long for the upstream.'

/** Why the upstream answered with this status (spec/upstream-chat.md §8.3, §8.4). */
export function classifyHttpFailure({ status, headers, body }: HttpFailure): GatewayError {
  const text = body.toLowerCase()
  const cause = `HTTP ${status}: ${excerpt(body)}`
  // it was not the upstream who said that: no status of its own counts
  if (status === PROXY_AUTHENTICATION) return failure('upstream_unavailable', cause, { reason: 'proxy' })
  const code = codeOfStatus(status, text)
  return failure(code, cause, {
    upstreamStatus: status,
    reason: reasonOfStatus(code, status, text),
    retryAfterSeconds: code === 'rate_limited' ? readRetryAfter(headers, body) : undefined,
  })
}

/** A page came where JSON should be, with a status of success: of the edge, or of something else in between. */
export function classifyPage(body: string): GatewayError {
  const cause = `a page instead of an answer: ${excerpt(body)}`
  return isChallenge(body.toLowerCase())
    ? failure('egress_rejected', cause, { reason: 'challenge' })
    : failure('upstream_unavailable', cause, { reason: 'protocol-drift' })
}

/** Why the upstream ended a stream with an error (spec/upstream-chat.md §5.1.9, rules merged). */
export function classifyStreamFailure({ code, message }: StreamFailure): GatewayError {
  return failure(
    codeOfStreamError(code, plainWords(message)),
    `in the stream: code ${code}: ${excerpt(message)}`,
  )
}

/** The connection itself failed, before or during the answer; `proxyUrl` is the way that it went. */
export function connectionFailure(cause: unknown, proxyUrl?: string): GatewayError {
  const reason = describeConnection(cause, proxyUrl !== undefined)
  return new GatewayError('upstream_unavailable', reasonRules[reason].sentence, { cause, reason })
}

/** The answer ended without any mark of its end (spec/upstream-chat.md §5.1.4, success rule). */
export function truncatedFailure(cause: unknown): GatewayError {
  return new GatewayError('upstream_unavailable', 'The upstream broke off its answer.', { cause })
}

/** The answer came whole, but nothing in it is what was asked for. */
export function driftFailure(cause: unknown): GatewayError {
  const reason = 'protocol-drift'
  return new GatewayError('upstream_unavailable', reasonRules[reason].sentence, { cause, reason })
}

function codeOfStatus(status: number, body: string): ErrorCode {
  const words = plainWords(body)
  const mayCarryMarkers = status === 400 || status === 401 || status === 403
  if (mayCarryMarkers && includesAny(words, blockedMarkers)) return 'account_blocked'
  if (mayCarryMarkers && includesAny(words, credentialMarkers)) return 'credential_invalid'
  if (status === 401) return 'credential_invalid'
  if (status === 429) return 'rate_limited'
  if (isChallenge(body)) return 'egress_rejected'
  if (status === 403 && !isPage(body) && includesAny(words, contentMarkers)) return 'content_policy'
  // 502 is what a gRPC status becomes that has no HTTP status of its own (spec/upstream-media.md §15.1)
  if ((mayCarryMarkers || status === 502) && !isPage(body) && includesAny(words, gateMarkers))
    return 'account_restricted'
  if (status === 403) return 'egress_rejected'
  if (status === 402 || status >= 500) return 'upstream_unavailable'
  return includesAny(words, lengthMarkers) ? 'context_length_exceeded' : 'upstream_rejected'
}

/** What the code alone does not tell (spec/upstream-media.md §17.3 for the 403 without JSON). */
function reasonOfStatus(code: ErrorCode, status: number, body: string): Reason | undefined {
  if (code === 'egress_rejected' && (isChallenge(body) || body.trim() === '' || isPage(body)))
    return 'challenge'
  return code === 'upstream_unavailable' && status === 402 ? 'payment' : undefined
}

function codeOfStreamError(code: number, words: string): ErrorCode {
  if (includesAny(words, blockedMarkers)) return 'account_blocked'
  if (code === UNAUTHENTICATED || includesAny(words, credentialMarkers)) return 'credential_invalid'
  if (code === RESOURCE_EXHAUSTED || includesAny(words, rateMarkers)) return 'rate_limited'
  if (includesAny(words, contentMarkers)) return 'content_policy'
  if (includesAny(words, lengthMarkers)) return 'context_length_exceeded'
  if (includesAny(words, gateMarkers)) return 'account_restricted'
  if (code === PERMISSION_DENIED || words.includes('anti bot')) return 'egress_rejected'
  return code === INVALID_ARGUMENT ? 'upstream_rejected' : 'upstream_unavailable'
}

/** Small letters, with one blank between words however they were joined. */
function plainWords(text: string): string {
  return text.toLowerCase().replaceAll(/[-_\s]+/g, ' ')
}

function isPage(body: string): boolean {
  return /^\s*<(?:!doctype html|html)/.test(body)
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

function failure(code: ErrorCode, cause: string, options: GatewayErrorOptions = {}): GatewayError {
  const reason = options.reason ?? usualReason(code)
  const sentence = reason === undefined ? OTHER_SENTENCE : reasonRules[reason].sentence
  return new GatewayError(code, sentence, { ...options, cause, reason })
}

function includesAny(text: string, markers: readonly string[]): boolean {
  return markers.some((marker) => text.includes(marker))
}

/** A page says more by its title than by its beginning. */
function excerpt(text: string): string {
  if (isPage(text.toLowerCase())) return `a page titled "${excerpt(titleOf(text))}"`
  const oneLine = text.replaceAll(/\s+/g, ' ').trim()
  return oneLine.length > MAX_EVIDENCE_LENGTH ? `${oneLine.slice(0, MAX_EVIDENCE_LENGTH)}…` : oneLine
}

function titleOf(page: string): string {
  return /<title[^>]*>([^<]{0,200})/i.exec(page)?.[1] ?? ''
}
