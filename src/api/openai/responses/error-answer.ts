import type { Context } from 'hono'
import { GatewayError } from '../../../core/error.ts'
import type { ApiEnv } from '../../context.ts'
import { logFailure } from '../../render-error.ts'
import { encodeOpenAiError, type OpenAiErrorBody } from '../error-body.ts'
import { PreviousResponseNotFoundError } from './history.ts'
import type { ResponsesParts } from './responses-parts.ts'

/** The official code of a request that goes on from an answer that is not there; its clients send everything anew. */
const PREVIOUS_NOT_FOUND = 'previous_response_not_found'

/** A failure as the Responses API words it: the official error object, with the code and the field that only it has. */
export function encodeResponsesError(failure: GatewayError): OpenAiErrorBody {
  const { error } = encodeOpenAiError(failure)
  if (failure instanceof PreviousResponseNotFoundError)
    return { error: { ...error, code: PREVIOUS_NOT_FOUND } }
  // what the use cases call messages is the input here
  return error.param === 'messages' ? { error: { ...error, param: 'input' } } : { error }
}

/** Answers a failure that the caller can mend; everything else is thrown on to the renderer of all doors. */
export function answerError(parts: ResponsesParts, c: Context<ApiEnv>, thrown: unknown): Response {
  if (!(thrown instanceof GatewayError) || thrown.status !== 400) throw thrown
  logFailure(thrown, c, parts.log)
  return Response.json(encodeResponsesError(thrown), { status: thrown.status })
}
