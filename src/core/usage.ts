import type { Tokenizer } from './output-cap.ts'

/** Estimated tokens of one exchange; the upstream reports none (spec/upstream-chat.md §3.1.3). */
export interface Usage {
  readonly promptTokens: number
  /** Thinking included. */
  readonly completionTokens: number
  readonly reasoningTokens: number
}

/** The texts that are counted. */
export interface UsageTexts {
  readonly prompt: string
  readonly text: string
  readonly reasoning: string
}

/** What a prompt costs beside its text (spec/public-api.md §13). */
const PROMPT_OVERHEAD_TOKENS = 4

/** Estimates the usage of an exchange (spec/public-api.md §13). */
export async function estimateUsage(tokenizer: Tokenizer, texts: UsageTexts): Promise<Usage> {
  const [prompt, text, reasoning] = await Promise.all([
    tokenizer.count(texts.prompt),
    tokenizer.count(texts.text),
    tokenizer.count(texts.reasoning),
  ])
  return {
    promptTokens: prompt + PROMPT_OVERHEAD_TOKENS,
    completionTokens: text + reasoning,
    reasoningTokens: reasoning,
  }
}
