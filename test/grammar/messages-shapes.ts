import { z } from 'zod'

/*
 * The shapes of a Messages stream after the types of the official client (1.12): every key that they require, nullable
 * ones included. Unknown keys are let through, as the official API adds some.
 */

const count = z.int().min(0)
const nullableCount = count.nullable()
const caller = z.looseObject({ type: z.literal('direct') })

const deltaUsage = z.looseObject({
  input_tokens: nullableCount,
  cache_creation_input_tokens: nullableCount,
  cache_read_input_tokens: nullableCount,
  output_tokens: count,
  output_tokens_details: z.looseObject({ thinking_tokens: count }).nullable(),
  server_tool_use: z.looseObject({ web_fetch_requests: count, web_search_requests: count }).nullable(),
})

const usage = deltaUsage.extend({
  input_tokens: count,
  cache_creation: z
    .looseObject({ ephemeral_1h_input_tokens: count, ephemeral_5m_input_tokens: count })
    .nullable(),
  inference_geo: z.string().nullable(),
  service_tier: z.enum(['standard', 'priority', 'batch']).nullable(),
  speed: z.enum(['standard', 'fast']).nullable(),
})

const stopReasons = ['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal'] as const

const stopDetails = z
  .looseObject({ type: z.literal('refusal'), category: z.null(), explanation: z.string().nullable() })
  .nullable()

const citation = z.looseObject({
  type: z.literal('web_search_result_location'),
  cited_text: z.string(),
  encrypted_index: z.string(),
  title: z.string().nullable(),
  url: z.string(),
})

const found = z.looseObject({
  type: z.literal('web_search_result'),
  encrypted_content: z.string(),
  page_age: z.string().nullable(),
  title: z.string(),
  url: z.string(),
})

/** A block as it is opened: empty, but for what is never streamed. */
export const openedBlock = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.literal(''), citations: z.array(citation).nullable() }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.literal(''), signature: z.literal('') }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().regex(/^toolu_[0-9A-Za-z]{24}$/),
    name: z.string().regex(/^[\w-]{1,128}$/),
    input: z.strictObject({}),
    caller,
  }),
  z.looseObject({
    type: z.literal('server_tool_use'),
    id: z.string().regex(/^srvtoolu_[0-9A-Za-z_]+$/),
    name: z.literal('web_search'),
    input: z.strictObject({}),
    caller,
  }),
  z.looseObject({
    type: z.literal('web_search_tool_result'),
    tool_use_id: z.string().regex(/^srvtoolu_/),
    content: z.array(found),
    caller,
  }),
])

const delta = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text_delta'), text: z.string().min(1) }),
  z.looseObject({ type: z.literal('thinking_delta'), thinking: z.string().min(1) }),
  z.looseObject({ type: z.literal('signature_delta'), signature: z.string().min(1) }),
  z.looseObject({ type: z.literal('input_json_delta'), partial_json: z.string() }),
  z.looseObject({ type: z.literal('citations_delta'), citation }),
])

const message = z.looseObject({
  id: z.string().regex(/^msg_\w+$/),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string().min(1),
  content: z.array(z.unknown()).length(0),
  container: z.null(),
  diagnostics: z.null(),
  stop_reason: z.null(),
  stop_sequence: z.null(),
  stop_details: z.null(),
  usage,
})

const end = z.looseObject({
  stop_reason: z.enum(stopReasons),
  stop_sequence: z.string().nullable(),
  stop_details: stopDetails,
  container: z.null(),
})

/** Every event that a stream of this dialect may have. */
export const messageEvent = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('message_start'), message }),
  z.looseObject({ type: z.literal('ping') }),
  z.looseObject({ type: z.literal('content_block_start'), index: count, content_block: openedBlock }),
  z.looseObject({ type: z.literal('content_block_delta'), index: count, delta }),
  z.looseObject({ type: z.literal('content_block_stop'), index: count }),
  z.looseObject({ type: z.literal('message_delta'), delta: end, usage: deltaUsage }),
  z.looseObject({ type: z.literal('message_stop') }),
  z.looseObject({
    type: z.literal('error'),
    error: z.looseObject({ type: z.string().regex(/^\w+$/), message: z.string().min(1) }),
    request_id: z.string().min(1),
  }),
])

export type MessageEvent = z.output<typeof messageEvent>
export type OpenedBlock = z.output<typeof openedBlock>
