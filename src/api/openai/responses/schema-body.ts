import { z } from 'zod'
import { imageConfigSchema } from '../../image-config.ts'
import { videoConfigSchema } from '../../video-config.ts'

/** Items of one request at most; agents send some hundreds. */
const MAX_ITEMS = 8192
const MAX_STOP_SEQUENCES = 4
const MAX_TOOLS = 1024
const MAX_METADATA_PAIRS = 16
const MAX_METADATA_KEY = 64
const MAX_METADATA_VALUE = 512
/** The official minimum. */
const MIN_OUTPUT_TOKENS = 16

/** A JSON object that is looked at later, by its type. */
export const looseObject = z.record(z.string(), z.unknown(), { error: 'must be an object' })

const input = z.union([z.string(), z.array(looseObject).max(MAX_ITEMS, `must hold at most ${MAX_ITEMS}`)], {
  error: 'must be a string or an array of items',
})

const jsonSchemaFormat = z.object({
  type: z.literal('json_schema'),
  name: z
    .string({ error: 'must be a name' })
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"'),
  description: z.string().nullish(),
  schema: looseObject,
  strict: z.boolean().nullish(),
})

const format = z.discriminatedUnion(
  'type',
  [z.object({ type: z.literal('text') }), z.object({ type: z.literal('json_object') }), jsonSchemaFormat],
  { error: "must be of type 'text', 'json_object' or 'json_schema'" },
)

const text = z.object({
  format: format.nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
})

const reasoning = z.object({
  effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  summary: z.enum(['auto', 'concise', 'detailed', 'none']).nullish(),
  generate_summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
  context: z.string().nullish(),
})

const metadata = z
  .record(
    z.string().max(MAX_METADATA_KEY, `keys have at most ${MAX_METADATA_KEY} characters`),
    z
      .string({ error: 'must be a string' })
      .max(MAX_METADATA_VALUE, `must have at most ${MAX_METADATA_VALUE} characters`),
    { error: 'must be an object of strings' },
  )
  .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, {
    error: `must hold at most ${MAX_METADATA_PAIRS} pairs`,
  })

const include = z.enum(
  [
    'file_search_call.results',
    'web_search_call.results',
    'web_search_call.action.sources',
    'message.input_image.image_url',
    'computer_call_output.output.image_url',
    'code_interpreter_call.outputs',
    'reasoning.encrypted_content',
    'message.output_text.logprobs',
  ],
  { error: 'is not a known value' },
)

/** What a request to answer, to count and to compact have in common. */
const conversation = {
  input: input.nullish(),
  instructions: z.string({ error: 'must be a string' }).nullish(),
  previous_response_id: z.string({ error: 'must be the id of a response' }).nullish(),
  conversation: z.unknown().optional(),
  tools: z.array(looseObject, { error: 'must be an array of tools' }).max(MAX_TOOLS).nullish(),
  tool_choice: z.union([z.string(), looseObject], { error: 'must be a string or an object' }).nullish(),
  parallel_tool_calls: z.boolean({ error: 'must be true or false' }).nullish(),
  reasoning: reasoning.nullish(),
  text: text.nullish(),
  truncation: z.enum(['auto', 'disabled'], { error: "must be 'auto' or 'disabled'" }).nullish(),
}

/** The body of `POST /v1/responses`, as far as it is read; unknown fields are left alone. */
export const createSchema = z.object({
  ...conversation,
  model: z.string({ error: 'must be the id of a model' }),
  stream: z.boolean({ error: 'must be true or false' }).nullish(),
  stream_options: z.object({ include_obfuscation: z.boolean().nullish() }).nullish(),
  max_output_tokens: z.int().min(MIN_OUTPUT_TOKENS, `must be at least ${MIN_OUTPUT_TOKENS}`).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  include: z.array(include).nullish(),
  metadata: metadata.nullish(),
  store: z.boolean({ error: 'must be true or false' }).nullish(),
  background: z.boolean({ error: 'must be true or false' }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  /** Words of the other door, which clients send here too. */
  stop: z.union([z.string(), z.array(z.string()).max(MAX_STOP_SEQUENCES)]).nullish(),
  n: z.int().nullish(),
  logprobs: z.boolean().nullish(),
  max_tokens: z.int().min(1).nullish(),
  client_metadata: z.unknown().optional(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  prompt: z.unknown().optional(),
  moderation: z.unknown().optional(),
  context_management: z.array(z.unknown()).nullish(),
  service_tier: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  user: z.string().nullish(),
  /** Ours, for models that draw. */
  image_config: imageConfigSchema.nullish(),
  video_config: videoConfigSchema.nullish(),
})

export type CreateBody = z.output<typeof createSchema>

/** The body of `POST /v1/responses/input_tokens`. */
export const inputTokensSchema = z.object({ ...conversation, model: z.string().nullish() })

/** The body of `POST /v1/responses/compact`. */
export const compactSchema = z.object({ ...conversation, model: createSchema.shape.model })

/** What every one of these requests says of its conversation. */
export type ConversationBody = Pick<CreateBody, keyof typeof conversation>
