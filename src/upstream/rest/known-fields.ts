import type { JsonObject } from '../../util/json-fields.ts'

/** What may stand in `result` beside the answer (spec/upstream-chat.md §5.1.2). */
const knownResults: ReadonlySet<string> = new Set(['response', 'conversation', 'title'])

/** Fields of `result.response` that are known, whether we use them or not (§5.1.3). */
const knownFields: ReadonlySet<string> = new Set([
  'token',
  'isThinking',
  'isSoftStop',
  'messageTag',
  'messageStepId',
  'rolloutId',
  'responseId',
  'sideBySideIndex',
  'toolUsageCardId',
  'userResponse',
  'uiLayout',
  'llmInfo',
  'progressReport',
  'webSearchResults',
  'citedWebSearchResults',
  'xSearchResults',
  'xposts',
  'citedXposts',
  'toolUsageCard',
  'codeExecutionResult',
  'cardAttachment',
  'cardAttachments',
  'streamingImageGenerationResponse',
  'streamingVideoGenerationResponse',
  'modelResponse',
  'finalMetadata',
  'error',
  'keepAlive',
])

/** Names what is unknown about a frame that holds no answer; undefined: it is one that needs nothing done. */
export function unknownEnvelope(frame: JsonObject, result: JsonObject | undefined): string | undefined {
  if (!result) return `frame with ${Object.keys(frame)[0] ?? 'nothing'}`
  const name = Object.keys(result).find((field) => !knownResults.has(field))
  if (name !== undefined) return `result with ${name}`
  return 'response' in result ? 'response that is no object' : undefined
}

/** Names what is unknown about an answer's frame that has said nothing. */
export function unknownField(response: JsonObject): string | undefined {
  const { token } = response
  if (token !== undefined && token !== null && typeof token !== 'string')
    return `token that is ${typeof token}`
  const name = Object.keys(response).find((field) => !knownFields.has(field))
  return name === undefined ? undefined : `field ${name}`
}
