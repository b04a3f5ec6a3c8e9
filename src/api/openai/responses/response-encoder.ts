import type { ChatEvent, FinishReason } from '../../../core/chat-event.ts'
import type { GatewayError } from '../../../core/error.ts'
import type { Usage } from '../../../core/usage.ts'
import { newId } from '../../../util/ids.ts'
import { EventWriter, type ItemPlace, type WireEvent } from './event-writer.ts'
import { outputItemId } from './item-ids.ts'
import { OpenMessage } from './open-message.ts'
import { OpenReasoning } from './open-reasoning.ts'
import type { OutputItem } from './output-item.ts'
import { encodeErrorFields, encodeFault } from './response-fault.ts'
import {
  encodeResponse,
  startState,
  type ResponseHead,
  type ResponseObject,
  type ResponseState,
} from './response-object.ts'
import type { ToolNames } from './tool-names.ts'
import { callItemType, writeCall, writeSearch } from './write-calls.ts'
import { writeImage } from './write-image.ts'

export interface EncoderOptions {
  readonly head: ResponseHead
  readonly names: ToolNames
  /** Searches tell what they found (`include`). */
  readonly withSources: boolean
  /** Thinking carries an opaque text (`include`). */
  readonly sealReasoning: boolean
}

/** The last events of a response, and what it has come to. */
export interface ResponseEnd {
  readonly events: readonly WireEvent[]
  readonly response: ResponseObject
}

/**
 * Encodes one answer as the events of a response. It alone numbers events and items: one item is open at a time, and every
 * item is closed before the next is opened. A folded answer is what the same events come to.
 */
export class ResponseEncoder {
  readonly #options: EncoderOptions
  readonly #writer = new EventWriter()
  readonly #output: OutputItem[] = []
  #open: OpenMessage | OpenReasoning | undefined
  /** Code points of the text in messages that are closed. */
  #closedText = 0
  #finish: FinishReason = 'stop'

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  get head(): ResponseHead {
    return this.#options.head
  }

  /** For a folded answer: only what the events come to is wanted. */
  mute(): void {
    this.#writer.mute()
  }

  /** The events before any of the answer. */
  start(): readonly WireEvent[] {
    this.#writeState('response.created', startState)
    this.#writeState('response.in_progress', startState)
    return this.#writer.take()
  }

  /** The events of a batch; none if nothing of it is shown. */
  encode(batch: readonly ChatEvent[]): readonly WireEvent[] {
    for (const event of batch) this.#encodeEvent(event)
    return this.#writer.take()
  }

  /** Closes what is open and ends the response, completed or cut at its cap. */
  end(usage: Usage, now: number): ResponseEnd {
    const isCut = this.#finish === 'length'
    this.#close(isCut ? 'incomplete' : 'completed')
    const isEmpty = this.#output.every(({ type }) => type === 'reasoning' || type === 'web_search_call')
    // an answer without a word is an empty message, so that clients find the one they look for
    if (isEmpty && !isCut) this.#output.push(this.#message().close('completed'))
    this.#open = undefined
    const status = isCut ? 'incomplete' : 'completed'
    const completedAt = isCut ? null : Math.floor(now / 1000)
    return this.#finishWith({ status, output: this.#output, usage, completedAt, fault: null })
  }

  /** Ends a response of which nothing was asked: it has no output at all. */
  endEmpty(usage: Usage, now: number): ResponseEnd {
    const completedAt = Math.floor(now / 1000)
    return this.#finishWith({ status: 'completed', output: [], usage, completedAt, fault: null })
  }

  /**
   * Ends a response that broke. What is open stays open: an item that is told to be done would be taken as part of the
   * conversation by a client that asks again.
   */
  fail(failure: GatewayError): ResponseEnd {
    this.#writer.add('error', encodeErrorFields(failure))
    const broken = this.#open ? [this.#open.snapshot('incomplete')] : []
    this.#open = undefined
    const output = [...this.#output, ...broken]
    const fault = encodeFault(failure)
    return this.#finishWith({ status: 'failed', output, usage: null, completedAt: null, fault })
  }

  #finishWith(state: ResponseState): ResponseEnd {
    const response = this.#writeState(`response.${state.status}`, state)
    return { events: this.#writer.take(), response }
  }

  #writeState(type: string, state: ResponseState): ResponseObject {
    const response = encodeResponse(this.#options.head, state)
    this.#writer.add(type, { response })
    return response
  }

  #encodeEvent(event: ChatEvent): void {
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') this.#message().addText(event.text)
        return
      case 'reasoning-delta':
        if (event.text !== '') this.#reasoning().addText(event.text)
        return
      case 'refusal':
        this.#message().addRefusal(event.text)
        return
      case 'citation':
        if (this.#open?.type === 'message') this.#open.addCitation(event)
        return
      case 'hosted-search': {
        const { withSources } = this.#options
        this.#close('completed')
        const place = this.#nextPlace('web_search_call')
        this.#output.push(writeSearch(this.#writer, place, { search: event, withSources }))
        return
      }
      case 'generated-image':
        this.#close('completed')
        this.#output.push(writeImage(this.#writer, this.#nextPlace('image_generation_call'), event))
        return
      case 'tool-call': {
        const target = this.#options.names.targetOf(event.name)
        this.#close('completed')
        const place = this.#nextPlace(callItemType(target))
        this.#output.push(writeCall(this.#writer, place, { call: event, target }))
        return
      }
      case 'finish':
        this.#finish = event.reason
        return
      case 'tool-start':
      case 'tool-end':
      case 'source':
      case 'image-progress':
      case 'image':
      case 'image-withheld':
        return // told by other events, or written into the text already
    }
  }

  #message(): OpenMessage {
    if (this.#open?.type === 'message') return this.#open
    this.#close('completed')
    const opened = new OpenMessage(this.#writer, this.#nextPlace('message'), this.#closedText)
    this.#open = opened
    return opened
  }

  #reasoning(): OpenReasoning {
    if (this.#open?.type === 'reasoning') return this.#open
    this.#close('completed')
    const sealed = this.#options.sealReasoning ? newId('g2ar1.') : undefined
    const opened = new OpenReasoning(this.#writer, this.#nextPlace('reasoning'), sealed)
    this.#open = opened
    return opened
  }

  #close(status: 'completed' | 'incomplete'): void {
    if (!this.#open) return
    const item = this.#open.close(status)
    this.#open = undefined
    this.#output.push(item)
    if (item.type !== 'message') return
    for (const part of item.content)
      if (part.type === 'output_text') this.#closedText += codePoints(part.text)
  }

  #nextPlace(type: OutputItem['type']): ItemPlace {
    const index = this.#output.length
    return { id: outputItemId(type, this.#options.head.id, index), index }
  }
}

function codePoints(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0)
}
