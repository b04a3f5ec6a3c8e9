import { z } from 'zod'
import { imageConfigSchema } from '../image-config.ts'
import { videoConfigSchema } from '../video-config.ts'

/** Answers to one request at most: each is a whole request to the upstream. */
export const MAX_CHOICES = 8
const MAX_STOP_SEQUENCES = 4
const MAX_STOP_LENGTH = 1024
const MAX_MESSAGES = 4096
/** Parts of one message. */
const MAX_PARTS = 1024
const MAX_TOOLS = 512

/** A content part; which fields it must have, its type decides. */
const part = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  refusal: z.string().nullish(),
  image_url: z.union([z.string(), z.looseObject({ url: z.string() })]).nullish(),
  file: z
    .looseObject({
      file_data: z.string().nullish(),
      file_id: z.string().nullish(),
      filename: z.string().nullish(),
    })
    .nullish(),
})

const content = z.union([z.string(), z.array(part).max(MAX_PARTS)], {
  error: `must be a string or an array of at most ${MAX_PARTS} content parts`,
})

const pastCall = z.looseObject({
  id: z.string(),
  type: z.string().nullish(),
  function: z.object({ name: z.string(), arguments: z.string() }).nullish(),
  custom: z.object({ name: z.string(), input: z.string() }).nullish(),
})

const message = z.object({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  content: content.nullish(),
  name: z.string().nullish(),
  refusal: z.string().nullish(),
  audio: z.unknown().optional(),
  tool_call_id: z.string().nullish(),
  tool_calls: z.array(pastCall).nullish(),
  function_call: z.object({ name: z.string(), arguments: z.string() }).nullish(),
})

const functionTool = z.looseObject({
  name: z.string({ error: 'must be the name of the function' }),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})

const grammar = z.object({ definition: z.string(), syntax: z.string() })

const tool = z.looseObject({
  type: z.string(),
  function: functionTool.nullish(),
  custom: z
    .looseObject({
      name: z.string(),
      description: z.string().nullish(),
      format: z.looseObject({ type: z.string(), grammar: grammar.nullish() }).nullish(),
    })
    .nullish(),
})

const toolName = z.looseObject({ name: z.string() })

const namedTool = z.looseObject({
  type: z.string(),
  name: z.string().nullish(),
  function: toolName.nullish(),
  custom: toolName.nullish(),
})

const toolChoice = z.union(
  [
    z.string(),
    namedTool.extend({
      allowed_tools: z.object({ mode: z.enum(['auto', 'required']), tools: z.array(namedTool) }).nullish(),
    }),
  ],
  { error: 'must be none, auto, required or an object that names a tool' },
)

const responseFormat = z.looseObject({
  type: z.enum(['text', 'json_object', 'json_schema']),
  json_schema: z
    .looseObject({
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    })
    .nullish(),
})

/** The body of `POST /v1/chat/completions`, as far as it is read (spec/public-api.md §4.1). */
export const chatSchema = z.object({
  model: z.string({ error: 'must be the id of a model' }),
  messages: z
    .array(message, { error: 'must be an array of messages' })
    .min(1, 'must hold a message')
    .max(MAX_MESSAGES),
  stream: z.boolean({ error: 'must be true or false' }).nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  stop: z
    .union([
      z.string().max(MAX_STOP_LENGTH),
      z
        .array(z.string().max(MAX_STOP_LENGTH))
        .max(MAX_STOP_SEQUENCES, `must hold at most ${MAX_STOP_SEQUENCES}`),
    ])
    .nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES, `this gateway gives at most ${MAX_CHOICES} answers at once`).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  tools: z.array(tool).max(MAX_TOOLS).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(functionTool).max(MAX_TOOLS).nullish(),
  function_call: z.union([z.enum(['none', 'auto']), toolName]).nullish(),
  response_format: responseFormat.nullish(),
  store: z.boolean().nullish(),
  user: z.unknown().optional(),
  metadata: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.unknown().optional(),
  prediction: z.unknown().optional(),
  image_config: imageConfigSchema.nullish(),
  video_config: videoConfigSchema.nullish(),
})

/** A body that has the right shape. */
export type ChatBody = z.output<typeof chatSchema>

/** One message of it. */
export type ChatBodyMessage = ChatBody['messages'][number]

/** One content part of a message. */
export type ChatBodyPart = z.output<typeof part>
