import { GatewayError } from '../core/error.ts'

/**
 * Refuses a prompt that is longer than the limit (tokens), before an account is used. A text has no more tokens than
 * bytes, and no more than three bytes per UTF-16 unit: most prompts need no counting.
 */
export async function refuseTooLong(
  limit: number,
  prompt: string,
  count: () => Promise<number>,
): Promise<void> {
  if (prompt.length * 3 <= limit) return
  const tokens = await count()
  if (tokens <= limit) return
  throw new GatewayError(
    'context_length_exceeded',
    `This model's maximum context length is ${limit} tokens, but the request has about ${tokens}. Please shorten it.`,
    { param: 'messages' },
  )
}
