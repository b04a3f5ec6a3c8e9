import { GatewayError } from '../core/error.ts'
import type { Model } from '../core/model.ts'

/**
 * Refuses a prompt that the model cannot hold, before an account is used. A text has no more tokens than bytes, and no
 * more than three bytes per UTF-16 unit: most prompts need no counting.
 */
export async function refuseTooLong(
  model: Model,
  prompt: string,
  count: () => Promise<number>,
): Promise<void> {
  if (prompt.length * 3 <= model.contextLength) return
  const tokens = await count()
  if (tokens <= model.contextLength) return
  throw new GatewayError(
    'context_length_exceeded',
    `This model's maximum context length is ${model.contextLength} tokens, but the request has about ${tokens}. Please shorten it.`,
    { param: 'messages' },
  )
}
