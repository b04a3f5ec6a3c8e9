import type { ChatEvent, Citation, Finish, FinishReason, Source, ToolCall } from '../../core/chat-event.ts'
import type { Usage } from '../../core/usage.ts'
import { sseData } from '../../util/sse.ts'
import type { CallStyle } from './chat-request.ts'

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

/** A call of a tool as the official API words it; `isCustom`: a tool that takes free text. */
export function encodeToolCall({ id, name, input }: ToolCall, isCustom: boolean) {
  const callId = `call_${id}`
  return isCustom
    ? ({ id: callId, type: 'custom', custom: { name, input } } as const)
    : ({ id: callId, type: 'function', function: { name, arguments: input } } as const)
}

/** The official word for why an answer ended. */
export function encodeFinishReason(reason: FinishReason, callStyle: CallStyle): string {
  if (reason === 'tool-calls') return callStyle === 'function-call' ? 'function_call' : 'tool_calls'
  return reason === 'refusal' ? 'stop' : reason
}

/** What decides how the calls of a response are worded. */
export interface CallWording {
  readonly style: CallStyle
  /** The names of the tools that take free text. */
  readonly customTools: ReadonlySet<string>
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

export interface ChunkOptions {
  /** Whether a chunk with the usage follows; then all others say that they have none. */
  readonly withUsage: boolean
  readonly wording: CallWording
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
  readonly #wording: CallWording
  #calls = 0
  readonly #citations: Citation[] = []
  readonly #sources: Source[] = []

  constructor(head: CompletionHead, index: number, { withUsage, wording }: ChunkOptions) {
    this.#head = head
    this.#wording = wording
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
    return this.#encodeRare(event)
  }

  #encodeRare(event: ChatEvent): string {
    switch (event.type) {
      case 'citation':
        this.#citations.push(event)
        return ''
      case 'source':
        this.#sources.push(event)
        return ''
      case 'tool-call':
        return this.#encodeDelta(this.#callDelta(event))
      case 'refusal':
        return this.#encodeDelta({ refusal: event.text })
      case 'finish':
        return this.#encodeFinish(event)
      default:
        return ''
    }
  }

  #callDelta(call: ToolCall) {
    const { style, customTools } = this.#wording
    if (style === 'function-call') return { function_call: { name: call.name, arguments: call.input } }
    return { tool_calls: [{ index: this.#calls++, ...encodeToolCall(call, customTools.has(call.name)) }] }
  }

  #encodeDelta(delta: object): string {
    return `${this.#frameStart}${JSON.stringify(delta)}${this.#frameEnd}`
  }

  #encodeFinish({ reason }: Finish): string {
    const { id, created, model } = this.#head
    const annotations = this.#citations.map(encodeAnnotation)
    const delta = annotations.length > 0 ? { annotations } : {}
    const finishReason = encodeFinishReason(reason, this.#wording.style)
    return sseData({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      system_fingerprint: null,
      choices: [{ index: this.#index, delta, logprobs: null, finish_reason: finishReason }],
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
