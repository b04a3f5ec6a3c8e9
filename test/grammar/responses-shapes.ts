import { z } from 'zod'

const index = z.int().min(0)
const sequence = { sequence_number: index }
const status = z.enum(['in_progress', 'completed', 'incomplete'])

const annotation = z.strictObject({
  type: z.literal('url_citation'),
  url: z.string(),
  title: z.string(),
  start_index: index,
  end_index: index,
})
const textPart = z.strictObject({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(annotation),
  logprobs: z.tuple([]),
})
const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: z.string() })
const messagePart = z.discriminatedUnion('type', [textPart, refusalPart])
const summaryPart = z.strictObject({ type: z.literal('summary_text'), text: z.string() })

const callFields = {
  status,
  call_id: z.string().regex(/^call_[0-9a-f]{24}$/),
  name: z.string().min(1),
  namespace: z.string().min(1).optional(),
}

/** The items that this gateway answers with, in the official types. */
const item = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message'),
    id: z.string().startsWith('msg_'),
    status,
    role: z.literal('assistant'),
    content: z.array(messagePart),
  }),
  z.strictObject({
    type: z.literal('reasoning'),
    id: z.string().startsWith('rs_'),
    status,
    summary: z.array(summaryPart),
    encrypted_content: z.string().min(1).optional(),
  }),
  z.strictObject({
    type: z.literal('function_call'),
    id: z.string().startsWith('fc_'),
    ...callFields,
    arguments: z.string(),
  }),
  z.strictObject({
    type: z.literal('custom_tool_call'),
    id: z.string().startsWith('ctc_'),
    ...callFields,
    input: z.string(),
  }),
  z.strictObject({
    type: z.literal('tool_search_call'),
    id: z.string().startsWith('tsc_'),
    status,
    call_id: callFields.call_id,
    execution: z.literal('client'),
    arguments: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    type: z.literal('web_search_call'),
    id: z.string().startsWith('ws_'),
    status,
    action: z.strictObject({
      type: z.literal('search'),
      query: z.string(),
      queries: z.array(z.string()),
      sources: z.array(z.strictObject({ type: z.literal('url'), url: z.string() })).optional(),
    }),
  }),
  z.strictObject({
    type: z.literal('image_generation_call'),
    id: z.string().startsWith('ig_'),
    status: z.enum(['in_progress', 'completed']),
    result: z.base64().min(1).nullable(),
    output_format: z.enum(['png', 'jpeg', 'webp', 'gif']).optional(),
  }),
])

const usage = z.strictObject({
  input_tokens: index,
  input_tokens_details: z.strictObject({ cached_tokens: index, cache_write_tokens: index }),
  output_tokens: index,
  output_tokens_details: z.strictObject({ reasoning_tokens: index }),
  total_tokens: index,
})

/** The response with the 31 keys of the Open Responses specification, and `user` of the official types. */
export const responseShape = z.strictObject({
  id: z.string().regex(/^resp_[0-9a-f]{32}$/),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
  incomplete_details: z.strictObject({ reason: z.literal('max_output_tokens') }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(z.looseObject({ type: z.string() })),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  truncation: z.enum(['auto', 'disabled']),
  parallel_tool_calls: z.boolean(),
  text: z.strictObject({ format: z.looseObject({ type: z.string() }), verbosity: z.string() }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.looseObject({ effort: z.string().nullable(), summary: z.string().nullable() }),
  usage: usage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.record(z.string(), z.string()),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  user: z.string().nullable(),
})

const inItem = { ...sequence, output_index: index, item_id: z.string() }
const inPart = { ...inItem, content_index: index }
const inSummary = { ...inItem, summary_index: index }
const noLogprobs = { logprobs: z.tuple([]) }

function event<Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) {
  return z.strictObject({ type: z.literal(type), ...fields })
}

/** Every event that this gateway sends, in the official types. */
export const eventShape = z.discriminatedUnion('type', [
  event('response.created', { ...sequence, response: responseShape }),
  event('response.in_progress', { ...sequence, response: responseShape }),
  event('response.completed', { ...sequence, response: responseShape }),
  event('response.incomplete', { ...sequence, response: responseShape }),
  event('response.failed', { ...sequence, response: responseShape }),
  event('response.output_item.added', { ...sequence, output_index: index, item }),
  event('response.output_item.done', { ...sequence, output_index: index, item }),
  event('response.content_part.added', { ...inPart, part: messagePart }),
  event('response.content_part.done', { ...inPart, part: messagePart }),
  event('response.output_text.delta', { ...inPart, ...noLogprobs, delta: z.string().min(1) }),
  event('response.output_text.done', { ...inPart, ...noLogprobs, text: z.string() }),
  event('response.output_text.annotation.added', { ...inPart, annotation_index: index, annotation }),
  event('response.refusal.delta', { ...inPart, delta: z.string() }),
  event('response.refusal.done', { ...inPart, refusal: z.string() }),
  event('response.reasoning_summary_part.added', { ...inSummary, part: summaryPart }),
  event('response.reasoning_summary_part.done', { ...inSummary, part: summaryPart }),
  event('response.reasoning_summary_text.delta', { ...inSummary, delta: z.string().min(1) }),
  event('response.reasoning_summary_text.done', { ...inSummary, text: z.string() }),
  event('response.function_call_arguments.delta', { ...inItem, delta: z.string() }),
  event('response.function_call_arguments.done', { ...inItem, arguments: z.string() }),
  event('response.custom_tool_call_input.delta', { ...inItem, delta: z.string() }),
  event('response.custom_tool_call_input.done', { ...inItem, input: z.string() }),
  event('response.web_search_call.in_progress', inItem),
  event('response.web_search_call.searching', inItem),
  event('response.web_search_call.completed', inItem),
  event('response.image_generation_call.in_progress', inItem),
  event('response.image_generation_call.generating', inItem),
  event('response.image_generation_call.completed', inItem),
  event('error', {
    ...sequence,
    code: z.string(),
    message: z.string(),
    param: z.string().nullable(),
    error: z.strictObject({
      type: z.string(),
      code: z.string(),
      message: z.string(),
      param: z.string().nullable(),
    }),
  }),
])

export type ResponseEvent = z.output<typeof eventShape>
export type ResponseShape = z.output<typeof responseShape>
export type ItemShape = z.output<typeof item>
