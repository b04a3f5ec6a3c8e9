import { z } from 'zod'
import { imageConfigSchema } from '../image-config.ts'
import { videoConfigSchema } from '../video-config.ts'

export const MAX_MESSAGES = 4096
/** Blocks of one content at most; a long turn of a coding agent has some dozens. */
export const MAX_BLOCKS = 2048
export const MAX_TOOLS = 1024
const MAX_STOP_SEQUENCES = 64
const MAX_STOP_LENGTH = 1024

/** A block of content, of which only the type is known yet; see `block-schemas.ts`. */
const block = z.looseObject({ type: z.string() })

/** Content as the dialect has it everywhere: a text, or blocks. */
export const contentSchema = z.union([z.string(), z.array(block).max(MAX_BLOCKS)], {
  error: `must be a string or an array of at most ${MAX_BLOCKS} content blocks, each with a type`,
})

const jsonFormat = z.object({
  type: z.literal('json_schema', { error: "must be 'json_schema'" }),
  schema: z.record(z.string(), z.unknown()),
})

const message = z.object({
  // the official API has "system" between other messages (spec/clients.md §3.2)
  role: z.enum(['user', 'assistant', 'system'], { error: "must be 'user', 'assistant' or 'system'" }),
  content: contentSchema.nullish(),
})

const toolChoice = z.object({
  type: z.enum(['auto', 'any', 'tool', 'none'], { error: "must be 'auto', 'any', 'tool' or 'none'" }),
  name: z.string().nullish(),
  disable_parallel_tool_use: z.boolean().nullish(),
})

/**
 * The body of `POST /v1/messages/count_tokens`, as far as it is read. Fields beyond are left alone: clients send those of
 * many betas (spec/clients.md §3.2). So are those that the upstream has no like of and that cannot change what an answer
 * means: `metadata`, `cache_control`, `output_config.effort`, `thinking.budget_tokens`; see also `ignoredFields`.
 */
export const countSchema = z.object({
  model: z.string({ error: 'must be the id of a model' }),
  messages: z
    .array(message, { error: 'must be an array of messages' })
    .min(1, 'must hold a message')
    .max(MAX_MESSAGES, `must hold at most ${MAX_MESSAGES} messages`),
  system: contentSchema.nullish(),
  thinking: z
    .object({
      type: z.enum(['enabled', 'adaptive', 'between_tools', 'disabled']),
      display: z.string().nullish(),
    })
    .nullish(),
  tools: z
    .array(z.looseObject({ type: z.string().nullish() }))
    .max(MAX_TOOLS, `must hold at most ${MAX_TOOLS} tools`)
    .nullish(),
  tool_choice: toolChoice.nullish(),
  output_config: z.object({ format: jsonFormat.nullish() }).nullish(),
  /** The same under the name of an older beta. */
  output_format: jsonFormat.nullish(),
  mcp_servers: z.array(z.unknown()).nullish(),
  container: z.unknown().optional(),
  thread: z.unknown().optional(),
  /** Ours, for models that draw. */
  image_config: imageConfigSchema.nullish(),
  video_config: videoConfigSchema.nullish(),
})

/**
 * Fields that have no effect, and of which the caller is told in a header: the upstream samples as it likes and has one
 * tier, and thinking or old results of tools are never sent to it a second time at a price.
 */
export const ignoredFields = [
  'temperature',
  'top_p',
  'top_k',
  'service_tier',
  'speed',
  'inference_geo',
  'context_management',
] as const

const ignored = z.unknown().optional()

/** The body of `POST /v1/messages`. */
export const messageSchema = countSchema.extend({
  max_tokens: z.int({ error: 'must be a whole number; the official API requires it' }).min(1),
  stream: z.boolean({ error: 'must be true or false' }).nullish(),
  stop_sequences: z
    .array(z.string().min(1, 'must not be empty').max(MAX_STOP_LENGTH))
    .max(MAX_STOP_SEQUENCES, `must hold at most ${MAX_STOP_SEQUENCES}`)
    .nullish(),
  temperature: ignored,
  top_p: ignored,
  top_k: ignored,
  service_tier: ignored,
  speed: ignored,
  inference_geo: ignored,
  context_management: ignored,
})

/** A body that has the right shape, as far as questions have one. */
export type CountBody = z.output<typeof countSchema>

/** One message of a body. */
export type BodyMessage = CountBody['messages'][number]
/** Content that has not been read yet. */
export type BodyContent = z.output<typeof contentSchema>
/** A block that has not been read yet. */
export type BodyBlock = z.output<typeof block>
