import type { ChatEvent, Citation, FinishReason, Source } from '../../core/chat-event.ts'
import type { Usage } from '../../core/usage.ts'
import { sseData } from '../../util/sse.ts'

/** What is the same in every chunk of a response. */
export interface CompletionHead {
  readonly id: string
  /** Unix seconds, the same in every chunk. */
  readonly created: number
  readonly model: string
}

/** The official shape of a citation. */
export function encodeAnnotation({ url, title, start, end }: Citation) {
  return { type: 'url_citation', url_citation: { url, title, start_index: start, end_index: end } }
}

/** A source that the service found, cited or not (spec/public-api.md §4.5). */
export function encodeSource({ url, title, kind }: Source) {
  return { url, title, type: kind }
}

/** The official usage object; what the upstream does not tell apart is zero. */
export function encodeUsage({ promptTokens, completionTokens, reasoningTokens }: Usage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/**
 * Encodes one choice of a streamed response as `chat.completion.chunk` frames. The frames of text are put together from
 * ready-made pieces: they are nearly all of a stream.
 */
export class ChatChunkEncoder {
  readonly #frameStart: string
  readonly #frameEnd: string
  readonly #head: CompletionHead
  readonly #index: number
  readonly #withUsage: boolean
  readonly #citations: Citation[] = []
  readonly #sources: Source[] = []

  constructor(head: CompletionHead, index: number, withUsage: boolean) {
    this.#head = head
    this.#index = index
    this.#withUsage = withUsage
    const { id, created, model } = head
    const fields = JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      system_fingerprint: null,
    })
    this.#frameStart = `data: ${fields.slice(0, -1)},"choices":[{"index":${index},"delta":`
    this.#frameEnd = `,"logprobs":null,"finish_reason":null}]${withUsage ? ',"usage":null' : ''}}\n\n`
  }

  /** The first frame of a choice: only the role. */
  encodeRole(): string {
    return `${this.#frameStart}{"role":"assistant","content":"","refusal":null}${this.#frameEnd}`
  }

  /** The frames of a batch, as one chunk; empty if nothing of it is shown. */
  encode(batch: readonly ChatEvent[]): string {
    let frames = ''
    for (const event of batch) frames += this.#encodeEvent(event)
    return frames
  }

  #encodeEvent(event: ChatEvent): string {
    if (event.type === 'text-delta') {
      return `${this.#frameStart}{"content":${JSON.stringify(event.text)}}${this.#frameEnd}`
    }
    if (event.type === 'reasoning-delta') {
      return `${this.#frameStart}{"reasoning_content":${JSON.stringify(event.text)}}${this.#frameEnd}`
    }
    if (event.type === 'citation') this.#citations.push(event)
    else if (event.type === 'source') this.#sources.push(event)
    return event.type === 'finish' ? this.#encodeFinish(event.reason) : ''
  }

  #encodeFinish(reason: FinishReason): string {
    const { id, created, model } = this.#head
    const annotations = this.#citations.map(encodeAnnotation)
    const delta = annotations.length > 0 ? { annotations } : {}
    return sseData({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      system_fingerprint: null,
      choices: [{ index: this.#index, delta, logprobs: null, finish_reason: reason }],
      ...(this.#withUsage && { usage: null }),
      ...(this.#sources.length > 0 && { search_sources: this.#sources.map(encodeSource) }),
    })
  }
}

/** The chunk after the last choice, with `stream_options.include_usage`: no choices, only the usage. */
export function encodeUsageChunk({ id, created, model }: CompletionHead, usage: Usage): string {
  return sseData({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    system_fingerprint: null,
    choices: [],
    usage: encodeUsage(usage),
  })
}
