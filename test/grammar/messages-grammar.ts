import { messageEvent, type MessageEvent, type OpenedBlock } from './messages-shapes.ts'
import type { SseEvent, StreamGrammar } from './stream-grammar.ts'

type EventOf<Type extends MessageEvent['type']> = Extract<MessageEvent, { type: Type }>
type DeltaType = EventOf<'content_block_delta'>['delta']['type']

/** What may be added to a block of each type. */
const deltasOf: Readonly<Record<OpenedBlock['type'], readonly DeltaType[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
  web_search_tool_result: [],
}

interface OpenBlock {
  readonly block: OpenedBlock
  readonly index: number
  json: string
  isSigned: boolean
}

/**
 * The order and form of a stream of `POST /v1/messages`: `message_start`, blocks one after another, each with the next
 * index, `message_delta`, `message_stop`. A `ping` may stand anywhere after the start; an `error` is the last event.
 */
export class MessagesGrammar implements StreamGrammar {
  #phase: 'before' | 'content' | 'stopping' | 'over' = 'before'
  #open: OpenBlock | undefined
  #nextIndex = 0
  #inputTokens = 0
  #hasToolUse = false
  readonly #ids = new Set<string>()
  readonly #searches = new Set<string>()

  accept({ name, data }: SseEvent): readonly string[] {
    let json: unknown
    try {
      json = JSON.parse(data)
    } catch {
      return [`the data is not JSON: ${data}`]
    }
    const parsed = messageEvent.safeParse(json)
    if (!parsed.success) {
      return parsed.error.issues.map(({ path, message }) => `${name}: ${path.join('.')}: ${message}`)
    }
    const event = parsed.data
    const faults = this.#judge(event)
    return name === event.type ? faults : [`event ${event.type} is named ${name}`, ...faults]
  }

  end(): readonly string[] {
    return this.#phase === 'over' ? [] : ['the stream ended without message_stop']
  }

  #judge(event: MessageEvent): readonly string[] {
    if (this.#phase === 'over') return [`${event.type} after the end`]
    if (event.type === 'message_start') return this.#start(event)
    if (this.#phase === 'before') return [`${event.type} before message_start`]
    if (event.type === 'ping') return []
    if (event.type === 'error') {
      this.#phase = 'over'
      return []
    }
    if (event.type === 'message_stop') return this.#stop()
    if (this.#phase === 'stopping') return [`${event.type} after message_delta`]
    if (event.type === 'content_block_start') return this.#openBlock(event)
    if (event.type === 'content_block_delta') return this.#addDelta(event)
    return event.type === 'content_block_stop' ? this.#closeBlock(event) : this.#finish(event)
  }

  #start({ message }: EventOf<'message_start'>): readonly string[] {
    if (this.#phase !== 'before') return ['a second message_start']
    this.#phase = 'content'
    this.#inputTokens = message.usage.input_tokens
    return []
  }

  #openBlock({ index, content_block: block }: EventOf<'content_block_start'>): readonly string[] {
    const faults: string[] = []
    if (this.#open) faults.push(`block ${index} begins inside block ${this.#open.index}`)
    if (index !== this.#nextIndex) faults.push(`block ${index} in place of ${this.#nextIndex}`)
    this.#nextIndex = index + 1
    this.#open = { block, index, json: '', isSigned: false }
    if (block.type === 'tool_use') this.#hasToolUse = true
    if (block.type === 'server_tool_use') this.#searches.add(block.id)
    if (block.type === 'web_search_tool_result' && !this.#searches.delete(block.tool_use_id)) {
      faults.push(`results of ${block.tool_use_id}, which is no open search`)
    }
    if (!('id' in block) || typeof block.id !== 'string') return faults
    if (this.#ids.has(block.id)) faults.push(`the id ${block.id} a second time`)
    this.#ids.add(block.id)
    return faults
  }

  #addDelta({ index, delta }: EventOf<'content_block_delta'>): readonly string[] {
    const open = this.#open
    if (!open) return [`${delta.type} without an open block`]
    const faults = index === open.index ? [] : [`${delta.type} for block ${index} inside block ${open.index}`]
    if (!deltasOf[open.block.type].includes(delta.type)) faults.push(`${delta.type} in ${open.block.type}`)
    if (open.isSigned) faults.push(`${delta.type} after the signature`)
    if (delta.type === 'signature_delta') open.isSigned = true
    if (delta.type === 'input_json_delta') open.json += delta.partial_json
    return faults
  }

  #closeBlock({ index }: EventOf<'content_block_stop'>): readonly string[] {
    const open = this.#open
    this.#open = undefined
    if (!open) return [`block ${index} ends, but none is open`]
    const faults = index === open.index ? [] : [`block ${index} ends inside block ${open.index}`]
    if (open.block.type === 'thinking' && !open.isSigned) faults.push('thinking without a signature')
    const hasInput = open.block.type === 'tool_use' || open.block.type === 'server_tool_use'
    if (hasInput && !isJsonObject(open.json)) faults.push(`the input is no object: ${open.json}`)
    return faults
  }

  #finish({ delta, usage }: EventOf<'message_delta'>): readonly string[] {
    this.#phase = 'stopping'
    const { stop_reason: reason, stop_sequence: sequence, stop_details: details } = delta
    return [
      this.#open && 'message_delta inside a block',
      this.#nextIndex === 0 && 'an answer without a block',
      this.#searches.size > 0 && 'a search without its results',
      (reason === 'stop_sequence') !== (sequence !== null) && `${reason} with the sequence ${sequence}`,
      (reason === 'refusal') !== (details !== null) && `${reason} with details ${JSON.stringify(details)}`,
      reason === 'tool_use' && !this.#hasToolUse && 'tool_use without a call',
      usage.input_tokens !== this.#inputTokens && 'the count of input tokens has changed',
    ].filter((fault) => typeof fault === 'string')
  }

  #stop(): readonly string[] {
    const faults = this.#phase === 'stopping' ? [] : ['message_stop without message_delta']
    this.#phase = 'over'
    return faults
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
