import { refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'
import type { Conversation } from './parse-conversation.ts'
import { createSchema, type CreateBody } from './schema-body.ts'

/** Parses the body of `POST /v1/responses`; what would change the answer and is not served is refused by name. */
export function parseCreateBody(input: unknown): CreateBody {
  const body = parseWith(createSchema, input)
  if (body.background === true)
    throw refuse('background', 'responses are not made in the background; leave it out or use stream')
  if (isGiven(body.prompt)) throw refuse('prompt', 'prompt templates are not served; send input')
  if (isGiven(body.moderation)) throw refuse('moderation', 'moderation results are not served')
  if (body.context_management?.length)
    throw refuse('context_management', 'nothing is compacted by itself; use POST /v1/responses/compact')
  if (body.n && body.n > 1) throw refuse('n', 'a request gets one response')
  if (body.logprobs) throw refuse('logprobs', 'the upstream gives no log probabilities')
  if (body.top_logprobs) throw refuse('top_logprobs', 'the upstream gives no log probabilities')
  const logprobs = body.include?.indexOf('message.output_text.logprobs') ?? -1
  if (logprobs >= 0) throw refuse(`include.${logprobs}`, 'the upstream gives no log probabilities')
  return body
}

/** Parameters that are accepted, but for which the upstream has no control. */
export function findIgnored(body: CreateBody): readonly string[] {
  const names = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'] as const
  const ignored: string[] = names.filter((name) => isGiven(body[name]))
  return isGiven(body.text?.verbosity) ? [...ignored, 'text.verbosity'] : ignored
}

/** Refuses a bound on the service's own searches: it decides on them itself. Without searches the bound is kept anyway. */
export function refuseSearchBound(body: CreateBody, { hostedSearch }: Conversation): void {
  if (isGiven(body.max_tool_calls) && hostedSearch)
    throw refuse('max_tool_calls', 'the searches of the service cannot be bounded')
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined
}
