import { z } from 'zod'
import type { SseEvent, StreamGrammar } from './stream-grammar.ts'

const callDelta = z.union([
  z.strictObject({
    index: z.int().min(0),
    id: z.string().startsWith('call_'),
    type: z.literal('function'),
    function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
  }),
  z.strictObject({
    index: z.int().min(0),
    id: z.string().startsWith('call_'),
    type: z.literal('custom'),
    custom: z.strictObject({ name: z.string().min(1), input: z.string() }),
  }),
])

const annotation = z.strictObject({
  type: z.literal('url_citation'),
  url_citation: z.strictObject({
    url: z.string(),
    title: z.string(),
    start_index: z.int().min(0),
    end_index: z.int().min(0),
  }),
})

const delta = z.strictObject({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  refusal: z.string().nullable().optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z.array(callDelta).optional(),
  function_call: z.strictObject({ name: z.string(), arguments: z.string() }).optional(),
  annotations: z.array(annotation).optional(),
})

const count = z.int().min(0)
const usage = z.object({ prompt_tokens: count, completion_tokens: count, total_tokens: count })

/** `ChatCompletionChunk` of the official types, and our own `search_sources`. */
const chunkSchema = z.strictObject({
  id: z.string().startsWith('chatcmpl-'),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.null(),
  choices: z.array(
    z.strictObject({
      index: z.int().min(0),
      delta,
      logprobs: z.null(),
      finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']).nullable(),
    }),
  ),
  usage: usage.nullable().optional(),
  search_sources: z
    .array(z.strictObject({ url: z.string(), title: z.string(), type: z.string() }))
    .optional(),
})

const errorSchema = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
})

type Chunk = z.output<typeof chunkSchema>
type Choice = Chunk['choices'][number]

interface ChoiceState {
  calls: number
  hasFunctionCall: boolean
  finish: string | null
}

/** The order and form of `chat.completion.chunk` streams. */
export class ChatGrammar implements StreamGrammar {
  #head: string | undefined
  readonly #choices = new Map<number, ChoiceState>()
  #state: 'open' | 'usage' | 'failed' | 'done' = 'open'

  accept({ name, data }: SseEvent): readonly string[] {
    if (name !== undefined) return [`an event name (${name}), which this dialect has not`]
    if (this.#state === 'done') return ['something after [DONE]']
    if (data === '[DONE]') {
      const faults = this.#state === 'failed' ? [] : this.#findUnfinished()
      this.#state = 'done'
      return faults
    }
    if (this.#state === 'failed') return ['something between the error and [DONE]']
    const value: unknown = JSON.parse(data)
    if (errorSchema.safeParse(value).success) {
      this.#state = 'failed'
      return []
    }
    const chunk = chunkSchema.safeParse(value)
    return chunk.success ? this.#acceptChunk(chunk.data) : [`no chunk: ${chunk.error.message} in ${data}`]
  }

  end(): readonly string[] {
    return this.#state === 'done' ? [] : ['no [DONE]']
  }

  #findUnfinished(): string[] {
    if (this.#choices.size === 0) return ['no choice at all']
    return [...this.#choices].flatMap(([index, { finish }]) =>
      finish === null ? [`choice ${index} was never finished`] : [],
    )
  }

  #acceptChunk(chunk: Chunk): string[] {
    const head = JSON.stringify([chunk.id, chunk.created, chunk.model])
    const faults = (this.#head ??= head) === head ? [] : ['another id, created or model than before']
    if (this.#state === 'usage') return [...faults, 'a chunk after the usage']
    if (chunk.choices.length === 0) {
      this.#state = 'usage'
      return chunk.usage ? [...faults, ...this.#findUnfinished()] : [...faults, 'neither choices nor usage']
    }
    if (chunk.usage) faults.push('usage beside choices')
    return [...faults, ...chunk.choices.flatMap((choice) => this.#acceptChoice(choice))]
  }

  #acceptChoice({
    index,
    delta: { role, tool_calls: calls = [], function_call },
    finish_reason,
  }: Choice): string[] {
    const known = this.#choices.get(index)
    const state = known ?? { calls: 0, hasFunctionCall: false, finish: null }
    this.#choices.set(index, state)
    const faults: string[] = []
    if (known ? role !== undefined : role === undefined)
      faults.push(`choice ${index}: the role must come first and once`)
    if (state.finish !== null) faults.push(`choice ${index}: a chunk after its finish`)
    for (const call of calls) {
      if (call.index !== state.calls++) faults.push(`choice ${index}: call ${call.index} out of order`)
    }
    if (function_call) state.hasFunctionCall = true
    state.finish = finish_reason
    if (
      finish_reason !== null &&
      (finish_reason === 'tool_calls') !== state.calls > 0 &&
      finish_reason !== 'length'
    )
      faults.push(`choice ${index}: ${state.calls} calls, but finished with ${finish_reason}`)
    if ((finish_reason === 'function_call') !== (state.hasFunctionCall && finish_reason !== null))
      faults.push(`choice ${index}: a function call and finish ${finish_reason}`)
    return faults
  }
}
