import type { Context } from 'hono'
import type { ApiEnv } from '../../context.ts'
import { logFailure } from '../../render-error.ts'
import { encodeOpenAiError } from '../error-body.ts'
import { PreviousResponseNotFoundError } from './history.ts'
import type { ResponsesParts } from './responses-parts.ts'

/** The official code of a request that goes on from an answer that is not there; its clients send everything anew. */
const PREVIOUS_NOT_FOUND = 'previous_response_not_found'

/** A failure as the Responses API words it: the official error object, with the one code that only this API has. */
export function encodeResponsesError(failure: Parameters<typeof encodeOpenAiError>[0]) {
  const body = encodeOpenAiError(failure)
  if (!(failure instanceof PreviousResponseNotFoundError)) return body
  return { error: { ...body.error, code: PREVIOUS_NOT_FOUND } }
}

/** Answers what only this API tells apart; everything else is thrown on to the renderer of all doors. */
export function answerError(parts: ResponsesParts, c: Context<ApiEnv>, thrown: unknown): Response {
  if (!(thrown instanceof PreviousResponseNotFoundError)) throw thrown
  logFailure(thrown, c, parts.log)
  return Response.json(encodeResponsesError(thrown), { status: thrown.status })
}
