import type { ImageRequest } from '../../../core/image-request.ts'
import type { Tokenizer } from '../../../core/output-cap.ts'

/** A flat estimate per picture, as for pictures in chats: the upstream tells nothing of the kind. */
const PICTURE_TOKENS = 1_000

/** The official usage object of pictures, estimated. */
export async function estimateImageUsage(
  tokenizer: Tokenizer,
  { prompt, references }: ImageRequest,
  made: number,
) {
  const textTokens = await tokenizer.count(prompt)
  const imageTokens = references.length * PICTURE_TOKENS
  const outputTokens = made * PICTURE_TOKENS
  return {
    input_tokens: textTokens + imageTokens,
    input_tokens_details: { text_tokens: textTokens, image_tokens: imageTokens },
    output_tokens: outputTokens,
    output_tokens_details: { text_tokens: 0, image_tokens: outputTokens },
    total_tokens: textTokens + imageTokens + outputTokens,
  }
}

export type ImageUsage = Awaited<ReturnType<typeof estimateImageUsage>>
