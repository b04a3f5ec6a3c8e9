import type { ChatEvent } from './chat-event.ts'
import type { Tokenizer } from './output-cap.ts'

/** Estimated tokens of one exchange; the upstream reports none (spec/upstream-chat.md §3.1.3). */
export interface Usage {
  readonly promptTokens: number
  /** Thinking included. */
  readonly completionTokens: number
  readonly reasoningTokens: number
}

/** The texts of an answer that are counted. */
export interface AnswerTexts {
  readonly text: string
  readonly reasoning: string
}

/** What a prompt costs beside its text (spec/public-api.md §13). */
const PROMPT_OVERHEAD_TOKENS = 4
/** A flat estimate: what the upstream makes of a picture or document is not known. */
const FILE_TOKENS = 1_000

/** Estimates the tokens of a prompt and the files that go with it. */
export async function countPromptTokens(
  tokenizer: Tokenizer,
  prompt: string,
  files: number,
): Promise<number> {
  return (await tokenizer.count(prompt)) + PROMPT_OVERHEAD_TOKENS + files * FILE_TOKENS
}

/** Estimates the usage of an exchange (spec/public-api.md §13). */
export async function estimateUsage(
  tokenizer: Tokenizer,
  promptTokens: Promise<number>,
  texts: AnswerTexts,
): Promise<Usage> {
  const [prompt, text, reasoning] = await Promise.all([
    promptTokens,
    tokenizer.count(texts.text),
    tokenizer.count(texts.reasoning),
  ])
  return { promptTokens: prompt, completionTokens: text + reasoning, reasoningTokens: reasoning }
}

/** The bytes of a picture that stands in the text are no words of the model. */
const DATA_URI = /data:[a-z]+\/[a-z0-9.+-]+;base64,[a-z0-9+/=]+/gi

function withoutData(text: string): string {
  return text.includes(';base64,') ? text.replaceAll(DATA_URI, '') : text
}

/** Keeps the texts of an answer as they pass, for its usage: text, calls with their inputs, and refusals count as text. */
export class AnswerMeter {
  #text = ''
  #reasoning = ''

  add(batch: readonly ChatEvent[]): void {
    for (const event of batch) {
      if (event.type === 'text-delta' || event.type === 'refusal') this.#text += withoutData(event.text)
      else if (event.type === 'reasoning-delta') this.#reasoning += event.text
      else if (event.type === 'tool-call') this.#text += event.name + event.input
    }
  }

  get texts(): AnswerTexts {
    return { text: this.#text, reasoning: this.#reasoning }
  }
}
