import type { JsonObject } from '../../../util/json-fields.ts'
import type { RequestEcho } from './response-object.ts'
import type { CreateBody } from './schema-body.ts'

/** What the response repeats of a request. Temperature and the like are repeated, but the upstream knows no such controls. */
export function echoRequest(body: CreateBody, store: boolean): RequestEcho {
  return {
    instructions: body.instructions ?? null,
    previous_response_id: body.previous_response_id ?? null,
    tools: (body.tools ?? []).map(echoTool),
    tool_choice: body.tool_choice ?? 'auto',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    truncation: body.truncation ?? 'disabled',
    text: { format: echoFormat(body), verbosity: body.text?.verbosity ?? 'medium' },
    reasoning: echoReasoning(body),
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: 0,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    store,
    background: false,
    // 'auto' is a wish; what is given is always the same
    service_tier: 'default',
    metadata: body.metadata ?? {},
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    user: body.user ?? null,
  }
}

/** A function with every key that the official type requires; other tools as they came. */
function echoTool(tool: JsonObject): JsonObject {
  if (tool['type'] !== 'function') return tool
  return { description: null, parameters: null, ...tool, strict: tool['strict'] ?? false }
}

function echoFormat({ text }: CreateBody): JsonObject {
  const format = text?.format
  if (format?.type !== 'json_schema') return format ?? { type: 'text' }
  return { ...format, description: format.description ?? null, strict: format.strict ?? false }
}

function echoReasoning({ reasoning }: CreateBody): JsonObject {
  const { effort, summary, context } = reasoning ?? {}
  return { effort: effort ?? null, summary: summary ?? null, ...(context && { context }) }
}
