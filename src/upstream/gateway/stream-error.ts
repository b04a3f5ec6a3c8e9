import { GatewayError } from '../../core/error.ts'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { classifyStreamFailure } from '../failure.ts'

const NOT_FOUND = 5
const RATE_LIMITED = 8

/** What a detail says more clearly than code and words (spec/upstream-chat.md §5.2.6), as a code or words that say it. */
const meanings: Readonly<Record<string, { readonly code?: number; readonly words: string }>> = {
  global_rate_limit: { code: RATE_LIMITED, words: 'rate limit' },
  usage_limit_reached: { code: RATE_LIMITED, words: 'usage limit' },
  usage_pool_exhausted: { code: RATE_LIMITED, words: 'usage pool' },
  concurrency_limit: { code: RATE_LIMITED, words: 'rate limit' },
  beyond_context_length: { code: 0, words: 'beyond_context_length' },
  user_prompt_too_long: { code: 0, words: 'user_prompt_too_long' },
  content_moderated: { code: 0, words: 'content_moderated' },
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

/** What an error of the stream means: `{code, message, severity, details}`, or `{code, message}` of an error event. */
export function readStreamError(value: unknown): ToldFailure {
  const fields = asObject(value) ?? {}
  const details = detailsOf(fields)
  const isMild = fields['severity'] === NOT_FATAL || details.includes(TOOL_FAILED)
  const message = asString(fields['message']) ?? asString(fields['error']) ?? asString(value) ?? 'no message'
  const told = asString(fields['code'])
  return {
    failure: classify(numericCode(fields), told === undefined ? message : `${told}: ${message}`, details),
    isFatal: !isMild,
  }
}

function classify(code: number, message: string, details: readonly string[]): GatewayError {
  if (details.some((detail) => detail.startsWith(ATTACHMENT))) {
    const cause = `in the stream: code ${code}: ${message} (${details.join(', ')})`
    return new GatewayError('upstream_rejected', REJECTED, { cause })
  }
  // as over HTTP, so that a file which the account has lost is put up again
  if (code === NOT_FOUND) {
    const cause = `in the stream: code ${code}: ${message}`
    return new GatewayError('upstream_rejected', REJECTED, { cause, upstreamStatus: 404 })
  }
  const meaning = details.map(meaningOf).find((each) => each !== undefined)
  if (!meaning) return classifyStreamFailure({ code, message })
  return classifyStreamFailure({ code: meaning.code ?? code, message: `${meaning.words}: ${message}` })
}

function meaningOf(detail: string): (typeof meanings)[string] | undefined {
  return Object.hasOwn(meanings, detail) ? meanings[detail] : undefined
}

/** Where details stand is not certain (§15, D6): as keys, in a list, or beside the message. */
function detailsOf(fields: JsonObject): readonly string[] {
  const details = fields['details']
  const listed = asArray(details).map((each) => asString(each) ?? asString(asObject(each)?.['type']))
  const beside = Object.keys(fields).filter((key) => meaningOf(key) !== undefined)
  return [...Object.keys(asObject(details) ?? {}), ...listed, ...beside].filter((each) => each !== undefined)
}

function numericCode(fields: JsonObject): number {
  return asNumber(fields['code']) ?? (Number(asString(fields['code'])) || 0)
}
