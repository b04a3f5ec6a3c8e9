import { isDeepStrictEqual } from 'node:util'
import type { ItemShape, ResponseEvent } from './responses-shapes.ts'

/** An event inside an item. */
export type ItemEvent = Extract<ResponseEvent, { item_id: string }>

/** What may come next inside the part that is open. */
type Step = 'none' | 'deltas' | 'text-done'

/** Events inside each type of item that is written in one piece, in order. */
const fixedOrder: Readonly<Record<string, readonly ItemEvent['type'][]>> = {
  function_call: ['response.function_call_arguments.delta', 'response.function_call_arguments.done'],
  custom_tool_call: ['response.custom_tool_call_input.delta', 'response.custom_tool_call_input.done'],
  tool_search_call: [],
  web_search_call: [
    'response.web_search_call.in_progress',
    'response.web_search_call.searching',
    'response.web_search_call.completed',
  ],
  image_generation_call: [
    'response.image_generation_call.in_progress',
    'response.image_generation_call.generating',
    'response.image_generation_call.completed',
  ],
}

/** One item from its opening to its end: what its events have said must be what its end says. */
export class OpenItem {
  readonly item: ItemShape
  readonly #parts: unknown[] = []
  readonly #annotations: unknown[] = []
  #step: Step = 'none'
  #text = ''
  #partType = ''
  #seen = 0

  constructor(item: ItemShape) {
    this.item = item
  }

  accept(event: ItemEvent): string[] {
    if (event.item_id !== this.item.id) return [`${event.type} names the item ${event.item_id}`]
    const order = fixedOrder[this.item.type]
    if (order) return this.#acceptFixed(event, order)
    return this.item.type === 'message' ? this.#acceptInMessage(event) : this.#acceptInReasoning(event)
  }

  /** The item is done; returns what its events do not bear out. */
  end(done: ItemShape): string[] {
    const faults: string[] = []
    if (done.id !== this.item.id || done.type !== this.item.type) faults.push('another item is done')
    if (done.status === 'in_progress') faults.push('a done item is in progress')
    if (this.#step !== 'none') faults.push('an item is done while a part is open')
    const order = fixedOrder[this.item.type]
    if (order && this.#seen !== order.length) faults.push(`${this.item.type} is done too early`)
    if (done.type === 'function_call' && done.arguments !== this.#text) faults.push('other arguments')
    if (done.type === 'custom_tool_call' && done.input !== this.#text) faults.push('another input')
    const parts = done.type === 'message' ? done.content : done.type === 'reasoning' ? done.summary : []
    if (!isDeepStrictEqual(parts, this.#parts)) faults.push('other parts than were told')
    return faults
  }

  #acceptFixed(event: ItemEvent, order: readonly string[]): string[] {
    if (event.type !== order[this.#seen]) return [`${event.type} out of order in ${this.item.type}`]
    this.#seen++
    if ('delta' in event) this.#text += event.delta
    if ('arguments' in event && event.arguments !== this.#text) return ['other arguments than their delta']
    if ('input' in event && event.input !== this.#text) return ['another input than its delta']
    return []
  }

  #acceptInMessage(event: ItemEvent): string[] {
    if (!('content_index' in event)) return [`${event.type} inside a message`]
    if (event.content_index !== this.#parts.length) return [`part ${event.content_index} out of order`]
    switch (event.type) {
      case 'response.content_part.added':
        return this.#openPart(
          event.part,
          event.part.type === 'refusal' ? event.part.refusal : event.part.text,
        )
      case 'response.output_text.delta':
        return this.#addText(event.delta, 'output_text')
      case 'response.refusal.delta':
        return this.#addText(event.delta, 'refusal')
      case 'response.output_text.annotation.added': {
        const faults = this.#expect('deltas', 'output_text')
        if (event.annotation_index !== this.#annotations.length) faults.push('an annotation out of order')
        this.#annotations.push(event.annotation)
        return faults
      }
      case 'response.output_text.done':
        return this.#endText(event.text, 'output_text')
      case 'response.refusal.done':
        return this.#endText(event.refusal, 'refusal')
      default:
        return this.#closePart(
          event.part,
          this.#partType === 'refusal'
            ? { type: 'refusal', refusal: this.#text }
            : { type: 'output_text', text: this.#text, annotations: [...this.#annotations], logprobs: [] },
        )
    }
  }

  #acceptInReasoning(event: ItemEvent): string[] {
    if (!('summary_index' in event)) return [`${event.type} inside reasoning`]
    if (event.summary_index !== this.#parts.length) return [`summary ${event.summary_index} out of order`]
    switch (event.type) {
      case 'response.reasoning_summary_part.added':
        return this.#openPart(event.part, event.part.text)
      case 'response.reasoning_summary_text.delta':
        return this.#addText(event.delta, 'summary_text')
      case 'response.reasoning_summary_text.done':
        return this.#endText(event.text, 'summary_text')
      default:
        return this.#closePart(event.part, { type: 'summary_text', text: this.#text })
    }
  }

  #openPart(part: { readonly type: string }, text: string): string[] {
    const faults = this.#step === 'none' ? [] : ['a part is opened while another is open']
    this.#step = 'deltas'
    this.#partType = part.type
    this.#text = ''
    this.#annotations.length = 0
    return text === '' ? faults : [...faults, 'a part is opened with text']
  }

  #addText(text: string, type: string): string[] {
    this.#text += text
    return this.#expect('deltas', type)
  }

  #endText(text: string, type: string): string[] {
    const faults = this.#expect('deltas', type)
    this.#step = 'text-done'
    return text === this.#text ? faults : [...faults, 'the done text is not what the deltas said']
  }

  #closePart(part: unknown, told: unknown): string[] {
    const faults = this.#expect('text-done', this.#partType)
    this.#step = 'none'
    this.#parts.push(told)
    return isDeepStrictEqual(part, told) ? faults : [...faults, 'the done part is not what was told']
  }

  #expect(step: Step, type: string): string[] {
    return this.#step === step && this.#partType === type ? [] : [`a piece of ${type} out of place`]
  }
}
