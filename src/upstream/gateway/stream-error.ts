import { GatewayError } from '../../core/error.ts'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { classifyStreamFailure } from '../failure.ts'

const NOT_FOUND = 5
const RATE_LIMITED = 8

/** The gRPC status numbers that mean something here, by their names. */
const statusNumbers: Readonly<Record<string, number>> = {
  invalid_argument: 3,
  not_found: NOT_FOUND,
  permission_denied: 7,
  resource_exhausted: RATE_LIMITED,
  unauthenticated: 16,
}

/** How deep details are looked through, and how many of their names are looked at. */
const MAX_DEPTH = 4
const MAX_NAMES = 64

/** What a detail says more clearly than code and words (spec/upstream-chat.md §5.2.6), as a code or words that say it. */
const meanings: Readonly<Record<string, { readonly code?: number; readonly words: string }>> = {
  global_rate_limit: { code: RATE_LIMITED, words: 'rate limit' },
  usage_limit_reached: { code: RATE_LIMITED, words: 'usage limit' },
  usage_pool_exhausted: { code: RATE_LIMITED, words: 'usage pool' },
  concurrency_limit: { code: RATE_LIMITED, words: 'rate limit' },
  beyond_context_length: { code: 0, words: 'beyond_context_length' },
  user_prompt_too_long: { code: 0, words: 'user_prompt_too_long' },
  content_moderated: { code: 0, words: 'content_moderated' },
  content_filter: { code: 0, words: 'content_moderated' },
}
const REJECTED = 'The upstream did not accept the request.'
const ATTACHMENT = 'attachment_'
/** A tool of the service failed: the answer may still come. */
const TOOL_FAILED = 'tool_call_failed'
const NOT_FATAL = 'STREAM_ERROR_SEVERITY_NORMAL'

/** A failure told inside the stream, and whether it is the end of the answer. */
export interface ToldFailure {
  readonly failure: GatewayError
  readonly isFatal: boolean
}

/**
 * What an error of the stream means: `{code, message, severity, details}`, or `{code, message}` of an error event; either may
 * be wrapped once more as `error`.
 */
export function readStreamError(value: unknown): ToldFailure {
  const told = asObject(value) ?? {}
  const fields = asObject(told['error']) ?? told
  const names = namesOf(fields)
  const isMild = fields['severity'] === NOT_FATAL || names.includes(TOOL_FAILED)
  const message = asString(fields['message']) ?? asString(fields['error']) ?? asString(value) ?? 'no message'
  const code = asString(fields['code'])
  return {
    failure: classify(codeOf(fields), code === undefined ? message : `${code}: ${message}`, names),
    isFatal: !isMild,
  }
}

function classify(code: number, message: string, names: readonly string[]): GatewayError {
  const attachment = names.find((name) => name.startsWith(ATTACHMENT))
  if (attachment !== undefined) {
    const cause = `in the stream: code ${code}: ${message} (${attachment})`
    return new GatewayError('upstream_rejected', REJECTED, { cause })
  }
  // as over HTTP, so that a file which the account has lost is put up again
  if (code === NOT_FOUND) {
    const cause = `in the stream: code ${code}: ${message}`
    return new GatewayError('upstream_rejected', REJECTED, { cause, upstreamStatus: 404 })
  }
  const meaning = names.map(meaningOf).find((each) => each !== undefined)
  if (!meaning) return classifyStreamFailure({ code, message })
  return classifyStreamFailure({ code: meaning.code ?? code, message: `${meaning.words}: ${message}` })
}

function meaningOf(name: string): (typeof meanings)[string] | undefined {
  return Object.hasOwn(meanings, name) ? meanings[name] : undefined
}

/** The names in an error: where its details stand is not certain (§15, D6), nor how they are written. */
function namesOf(fields: JsonObject): readonly string[] {
  const names: string[] = []
  const { details, reason, code, type } = fields
  collectNames([details, reason, code, type], MAX_DEPTH, names)
  const beside = Object.keys(fields)
    .map(snakeCase)
    .filter((name) => meaningOf(name) !== undefined)
  return [...names, ...beside]
}

/** The keys and words of a value and of what is in it. */
function collectNames(value: unknown, depth: number, names: string[]): void {
  if (names.length >= MAX_NAMES) return
  if (typeof value === 'string') names.push(snakeCase(value))
  if (depth === 0) return
  for (const each of asArray(value)) collectNames(each, depth - 1, names)
  for (const [key, each] of Object.entries(asObject(value) ?? {})) {
    names.push(snakeCase(key))
    collectNames(each, depth - 1, names)
  }
}

/** `usageLimitReached`, `usage-limit-reached` and `USAGE_LIMIT_REACHED` are one name. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll('-', '_')
    .toLowerCase()
}

function codeOf(fields: JsonObject): number {
  const { code } = fields
  const text = asString(code) ?? ''
  return asNumber(code) ?? (Number(text) || statusNumbers[snakeCase(text)]) ?? 0
}
