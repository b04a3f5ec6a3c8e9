import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { asObject, asString, isEmptyField, type JsonObject } from '../../util/json-fields.ts'
import { AnswerText } from '../answer-text.ts'
import { CardBook } from '../cards.ts'
import { ignoreDrift, type NoteDrift } from '../drift.ts'
import { driftFailure, truncatedFailure } from '../failure.ts'
import { SourceBook } from '../sources.ts'
import { readChannel } from './channels.ts'
import { HostedCalls } from './hosted-calls.ts'
import { oddShape, unknownEvent, unknownOutput, unknownPart, unknownText } from './known-events.ts'
import { readStreamError } from './stream-error.ts'

/** Text comes as chunks or as deltas, and may come as both; the first that brings answer text is listened to. */
type TextFamily = 'chunk' | 'delta'

/** Turns the events of one Gen-B answer into ours (spec/upstream-chat.md §5.2). */
export class ChatDecoder {
  readonly #cards: CardBook
  readonly #sources = new SourceBook()
  readonly #text: AnswerText
  readonly #calls = new HostedCalls(this.#sources)
  #family: TextFamily | undefined
  /** A failure that was told and may not have been the end of the answer. */
  #mildFailure: GatewayError | undefined
  #responseId: string | undefined
  #ended = false
  #unnamedCards = 0
  readonly #listener: NoteDrift
  /** Whether something came that nothing here knows. */
  #hasDrifted = false

  constructor(assetsUrl: string, noteDrift: NoteDrift = ignoreDrift) {
    this.#listener = noteDrift
    this.#cards = new CardBook(assetsUrl)
    this.#text = new AnswerText(this.#cards, this.#sources)
  }

  /** Whether the answer is complete. */
  get ended(): boolean {
    return this.#ended
  }

  /** The id of the complete answer: the parent of a next turn. */
  get responseId(): string | undefined {
    return this.#responseId
  }

  /** Adds what one event says; throws what it says went wrong. False if it said nothing that is known. */
  decode(event: JsonObject, events: ChatEvent[]): boolean {
    if (this.#ended) return false
    const before = events.length
    const unknown = this.#decodeEvent(event, events)
    if (unknown === undefined) return true
    this.noteDrift(unknown, event)
    return events.length > before
  }

  /** Notes that something came which nothing here knows. */
  noteDrift(kind: string, sample: unknown): void {
    this.#hasDrifted = true
    this.#listener(`chat: ${kind}`, sample)
  }

  /** Returns what in the event is not known. */
  #decodeEvent(event: JsonObject, events: ChatEvent[]): string | undefined {
    switch (event['type']) {
      case 'response.chunk':
        return this.#decodeChunk(asObject(event['chunk']), events)
      case 'response.output_text.delta':
        return this.#sayDelta(event['delta'], events)
      case 'response.output_text.done':
        return this.#family === undefined ? this.#sayDelta(event['text'], events) : undefined
      case 'response.search.result':
        events.push(...this.#calls.readResult(event['result']))
        return undefined
      case 'response.grok.output':
        return this.#decodeOutput(asObject(event['output']), events)
      case 'response.done':
        this.#finish(asObject(event['response']) ?? {})
        return undefined
      default:
        this.decodeFailure(event)
        return unknownEvent(event)
    }
  }

  /** Throws if the event is the end of the session, or tells of a failure; all that counts before a turn. */
  decodeFailure(event: JsonObject): void {
    switch (event['type']) {
      case 'error':
      case 'response.error':
        throw readStreamError(event['error'] ?? event).failure
      case 'session.ended':
        throw this.interrupted('the session ended')
      case 'response.grok.output':
        return this.#throwStreamError(asObject(event['output'])?.['stream_error'])
      default:
    }
  }

  /** The failure of an answer that broke off. */
  interrupted(how: string): GatewayError {
    return this.#mildFailure ?? truncatedFailure(how)
  }

  /** The failure of an answer that does not go on: what came, and was not known, may have been all of it. */
  silent(): GatewayError {
    return this.#hasDrifted && this.#text.isEmpty
      ? driftFailure('nothing came but what is not known, and then silence')
      : new GatewayError('upstream_timeout', 'The upstream stayed silent for too long.')
  }

  /** The answer is complete: its last events, or an error if there is nothing in it. */
  end(events: ChatEvent[]): void {
    this.#text.end(events)
    if (this.#text.isEmpty && !this.#cards.hasImage) throw this.#emptyFailure()
    events.push({ type: 'finish', reason: 'stop' })
  }

  /** An answer without text and pictures is none (spec/public-api.md C-16). */
  #emptyFailure(): GatewayError {
    if (this.#cards.hasModerated)
      return new GatewayError(
        'content_policy',
        'The upstream withheld the pictures under its usage guidelines.',
      )
    return this.#hasDrifted && !this.#mildFailure
      ? driftFailure('the answer is empty but for what is not known')
      : this.interrupted('the answer is empty')
  }

  #decodeChunk(chunk: JsonObject | undefined, events: ChatEvent[]): string | undefined {
    if (!chunk) return oddShape('response.chunk')
    const text = asObject(chunk['text'])
    const metadata = asObject(chunk['metadata'])
    // nearly every chunk is a text by itself
    const isText = text !== undefined && Object.keys(chunk).length === (metadata ? 2 : 1)
    const unknown = isText ? undefined : this.#decodeParts(chunk, events)
    return (text && this.#decodeText(text, metadata, events)) ?? unknown
  }

  #decodeParts(chunk: JsonObject, events: ChatEvent[]): string | undefined {
    for (const [key, value] of Object.entries(chunk)) {
      const fields = asObject(value)
      if (fields) this.#decodePart(key, fields, { chunk, events })
    }
    return unknownPart(chunk)
  }

  #decodePart(key: string, part: JsonObject, { chunk, events }: ChunkTarget): void {
    const metadata = asObject(chunk['metadata'])
    switch (key) {
      case 'tool_usage_card':
        return this.#calls.begin(part, metadata, events)
      case 'tool_result':
        return this.#calls.finish(part, metadata, events)
      case 'render_citation':
        return this.#show(part, 'render_inline_citation', events)
      case 'render_searched_image':
        return this.#show(part, 'render_searched_image', events)
      case 'render_generated_image':
      case 'render_edited_image':
        events.push(...this.#cards.read(part))
        return
      default: // announcements, layouts, reports of progress: signs of life
    }
  }

  #decodeText(text: JsonObject, metadata: JsonObject | undefined, events: ChatEvent[]): string | undefined {
    const said = asString(text['text']) ?? ''
    if (said === '') return unknownText(text)
    const kind = readChannel(text['channel'])
    if (kind === 'answer') {
      this.#say('chunk', said, events)
      return undefined
    }
    const agent = asString(metadata?.['rollout_id'])
    events.push({ type: 'reasoning-delta', text: said, kind, ...(agent !== undefined && { agent }) })
    return undefined
  }

  #sayDelta(text: unknown, events: ChatEvent[]): string | undefined {
    if (typeof text !== 'string') return oddShape('response.output_text')
    this.#say('delta', text, events)
    return undefined
  }

  #say(family: TextFamily, text: string, events: ChatEvent[]): void {
    if (text === '') return
    this.#family ??= family
    if (this.#family === family) this.#text.push(text, events)
  }

  /** A card that stands in the text without a tag. */
  #show(part: JsonObject, kind: string, events: ChatEvent[]): void {
    const id = asString(part['id']) || `card-${this.#unnamedCards++}`
    this.#cards.read({ ...part, id })
    this.#text.show(id, kind, events)
  }

  #decodeOutput(output: JsonObject | undefined, events: ChatEvent[]): string | undefined {
    if (!output) return oddShape('response.grok.output')
    this.#throwStreamError(output['stream_error'])
    if (output['card_attachment'] !== undefined) events.push(...this.#cards.read(output['card_attachment']))
    return unknownOutput(output)
  }

  #throwStreamError(error: unknown): void {
    if (isEmptyField(error)) return
    const { failure, isFatal } = readStreamError(error)
    if (isFatal) throw failure
    this.#mildFailure = failure
  }

  #finish(response: JsonObject): void {
    const status = asString(response['status'])
    if (status && status !== 'completed') throw this.#mildFailure ?? unfinished(status, response)
    this.#ended = true
    this.#responseId = asString(response['id'])
  }
}

interface ChunkTarget {
  readonly chunk: JsonObject
  readonly events: ChatEvent[]
}

/** The answer ended in another state than complete; why is said, if at all, in its details. */
function unfinished(status: string, response: JsonObject): GatewayError {
  const details = asObject(response['status_details'])
  const told = asObject(details?.['error'] ?? details ?? response['error'])
  return readStreamError({ message: `the answer is ${status}`, ...told }).failure
}
