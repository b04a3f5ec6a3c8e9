import { isDeepStrictEqual } from 'node:util'
import { OpenItem } from './responses-item.ts'
import { eventShape, type ItemShape, type ResponseEvent, type ResponseShape } from './responses-shapes.ts'
import type { SseEvent, StreamGrammar } from './stream-grammar.ts'

type State = 'start' | 'created' | 'open' | 'error' | 'ended' | 'done'

/** The order and form of a Responses stream: official types, Open Responses keys, and one item open at a time. */
export class ResponsesGrammar implements StreamGrammar {
  #state: State = 'start'
  #sequence = 0
  #head = ''
  #open: OpenItem | undefined
  readonly #items: ItemShape[] = []
  readonly #ids = new Set<string>()

  accept({ name, data }: SseEvent): readonly string[] {
    if (this.#state === 'done') return ['something after [DONE]']
    if (data === '[DONE]') {
      const faults = this.#state === 'ended' ? [] : ['[DONE] before the end of the response']
      this.#state = 'done'
      return name === undefined ? faults : [...faults, '[DONE] has an event name']
    }
    const event = eventShape.safeParse(JSON.parse(data))
    if (!event.success) return [`no event: ${event.error.message} in ${data}`]
    const faults = name === event.data.type ? [] : [`the event line says ${name}, not ${event.data.type}`]
    if (event.data.sequence_number !== this.#sequence++)
      faults.push(`sequence number ${event.data.sequence_number} is not the next`)
    return [...faults, ...this.#acceptEvent(event.data)]
  }

  end(): readonly string[] {
    return this.#state === 'done' ? [] : ['no [DONE]']
  }

  #acceptEvent(event: ResponseEvent): string[] {
    if ('response' in event) return this.#acceptResponse(event.type, event.response)
    if (this.#state !== 'open') return [`${event.type} in state ${this.#state}`]
    if (event.type === 'error') {
      this.#state = 'error'
      return []
    }
    if (event.type === 'response.output_item.added') return this.#openItem(event.output_index, event.item)
    if (event.output_index !== this.#items.length || !this.#open)
      return [`${event.type} at ${event.output_index}, where no item is open`]
    if (event.type !== 'response.output_item.done') return this.#open.accept(event)
    const faults = this.#open.end(event.item)
    this.#items.push(event.item)
    this.#open = undefined
    return faults
  }

  #openItem(index: number, item: ItemShape): string[] {
    const faults = this.#open ? ['an item is opened while another is open'] : []
    if (index !== this.#items.length) faults.push(`an item is opened at ${index}`)
    if (item.status !== 'in_progress') faults.push(`an item is opened as ${item.status}`)
    if (this.#ids.has(item.id)) faults.push(`a second item ${item.id}`)
    this.#ids.add(item.id)
    this.#open = new OpenItem(item)
    return faults
  }

  #acceptResponse(type: string, response: ResponseShape): string[] {
    const head = JSON.stringify([response.id, response.created_at, response.model, response.tools])
    const faults = this.#state === 'start' || head === this.#head ? [] : ['another response than before']
    this.#head = head
    if (type === 'response.created') return [...faults, ...this.#step('start', 'created', response)]
    if (type === 'response.in_progress') return [...faults, ...this.#step('created', 'open', response)]
    const expected: State = type === 'response.failed' ? 'error' : 'open'
    if (this.#state !== expected) faults.push(`${type} in state ${this.#state}`)
    this.#state = 'ended'
    return [...faults, ...this.#checkEnd(type, response)]
  }

  #step(from: State, to: State, response: ResponseShape): string[] {
    const faults = this.#state === from ? [] : [`state ${to} after ${this.#state}`]
    this.#state = to
    if (response.status !== 'in_progress' || response.output.length > 0 || response.usage !== null)
      faults.push('a response that has just begun says otherwise')
    return faults
  }

  #checkEnd(type: string, response: ResponseShape): string[] {
    const { status, output, usage, error, incomplete_details: details, completed_at } = response
    const faults = type === `response.${status}` ? [] : [`${type} with the status ${status}`]
    if ((status === 'completed') !== (completed_at !== null)) faults.push('completed_at and status differ')
    if ((status === 'failed') !== (error !== null)) faults.push('error and status differ')
    if ((status === 'failed') !== (usage === null)) faults.push('usage and status differ')
    if ((status === 'incomplete') !== (details !== null)) faults.push('incomplete_details and status differ')
    if (usage && usage.total_tokens !== usage.input_tokens + usage.output_tokens)
      faults.push('the total of the usage is not its sum')
    if (this.#open && status !== 'failed') faults.push('an item was never done')
    const broken = this.#open?.item.id
    const last = broken === undefined ? [] : output.slice(this.#items.length)
    if (broken !== undefined && (last[0]?.id !== broken || last[0].status !== 'incomplete'))
      faults.push('the broken item is not in the output as incomplete')
    if (!isDeepStrictEqual(output.slice(0, output.length - last.length), this.#items))
      faults.push('the output is not the items that were told')
    return faults
  }
}
