import { z } from 'zod'

/** Answers to one request at most: each is a whole request to the upstream. */
export const MAX_CHOICES = 8
const MAX_STOP_SEQUENCES = 4
const MAX_STOP_LENGTH = 1024
const MAX_MESSAGES = 4096

const textPart = z.object({
  type: z.enum(['text', 'refusal']),
  text: z.string().optional(),
  refusal: z.string().optional(),
})

/** A content part whose type this version does not read; refused by name, never dropped. */
const otherPart = z.object({ type: z.string() })

const content = z.union([z.string(), z.array(z.union([textPart, otherPart]))], {
  error: 'must be a string or an array of content parts',
})

const message = z.object({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  content: content.nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
})

/** The body of `POST /v1/chat/completions`, as far as it is read; unknown fields are left alone (spec/public-api.md §4.1). */
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
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  functions: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
  response_format: z.object({ type: z.string() }).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.unknown().optional(),
  prediction: z.unknown().optional(),
})

/** A body that has the right shape. */
export type ChatBody = z.output<typeof chatSchema>

/** One message of it. */
export type ChatBodyMessage = ChatBody['messages'][number]
