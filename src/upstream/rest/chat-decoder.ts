import type { ChatEvent, ReasoningKind } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { AnswerText } from '../answer-text.ts'
import { CardBook } from '../cards.ts'
import { ignoreDrift, type NoteDrift } from '../drift.ts'
import { classifyStreamFailure, driftFailure, truncatedFailure } from '../failure.ts'
import { parseToolCard, parseToolXml } from '../hosted-tools.ts'
import { asArray, asNumber, asObject, asString, parseJson, type JsonObject } from '../../util/json-fields.ts'
import { SourceBook } from '../sources.ts'
import { unknownEnvelope, unknownField } from './known-fields.ts'

const reasoningKinds: Readonly<Record<string, ReasoningKind>> = { header: 'heading', summary: 'summary' }

/** Fields that most frames do not have; one look decides whether the slower checks are needed. */
const richFields = [
  'error',
  'cardAttachment',
  'cardAttachments',
  'webSearchResults',
  'citedWebSearchResults',
  'xSearchResults',
  'xposts',
  'citedXposts',
  'codeExecutionResult',
  'modelResponse',
  'finalMetadata',
] as const

/** Turns the frames of one Gen-A answer into events (spec/upstream-chat.md §5.1). */
export class ChatDecoder {
  readonly #cards: CardBook
  readonly #sources = new SourceBook()
  readonly #text: AnswerText
  /** Hosted tools that were begun; the value says whether their end was seen. */
  readonly #tools = new Map<string, boolean>()
  readonly #listener: NoteDrift
  #ended = false
  #hasDrifted = false

  constructor(assetsUrl: string, noteDrift: NoteDrift = ignoreDrift) {
    this.#listener = noteDrift
    this.#cards = new CardBook(assetsUrl)
    this.#text = new AnswerText(this.#cards, this.#sources)
  }

  /** Whether a mark of the answer's end was seen: what follows is only metadata. */
  get ended(): boolean {
    return this.#ended
  }

  /** The end marker of the framing (`[DONE]`) was seen. */
  markEnded(): void {
    this.#ended = true
  }

  /** Adds the events of one frame; throws what the frame says went wrong. */
  decode(frame: unknown, events: ChatEvent[]): void {
    const fields = asObject(frame)
    if (!fields) return
    throwError(fields['error'])
    const result = asObject(fields['result'])
    const response = asObject(result?.['response'])
    if (response) return this.#decodeResponse(response, events)
    const kind = unknownEnvelope(fields, result)
    if (kind !== undefined) this.#noteDrift(kind, frame)
  }

  /** The stream is over: the last events, or an error if the answer is not whole (§5.1.4, success rule). */
  end(events: ChatEvent[]): void {
    if (!this.#ended) throw truncatedFailure('the stream ended without a mark of its end')
    this.#text.end(events)
    if (this.#text.isEmpty && !this.#cards.hasImage) throw this.#emptyFailure()
    events.push({ type: 'finish', reason: 'stop' })
  }

  /** An answer without text and pictures is none (spec/public-api.md C-16). */
  #emptyFailure(): GatewayError {
    return this.#cards.hasModerated
      ? new GatewayError('content_policy', 'The upstream withheld the pictures under its usage guidelines.')
      : this.#hasDrifted
        ? driftFailure('the answer is empty but for what is not known')
        : truncatedFailure('the answer is empty')
  }

  #noteDrift(kind: string, sample: unknown): void {
    this.#hasDrifted = true
    this.#listener(`chat: ${kind}`, sample)
  }

  #decodeResponse(response: JsonObject, events: ChatEvent[]): void {
    if ((asNumber(response['sideBySideIndex']) ?? 0) > 0) return // a second, alternative answer
    const rich = isRich(response)
    if (rich) this.#decodeRich(response, events)
    const token = response['token']
    if (response['isThinking'] === true) this.#decodeThinking(response, events)
    else if (typeof token === 'string' && token !== '') this.#decodeToken(token, response, events)
    // only here, where a frame has said nothing yet: most have, and pay for no look at their fields
    else if (!rich) this.#checkFields(response)
    // on its own, not instead of the token: the end may be folded into the last one (§14, quirk 2)
    if (response['isSoftStop'] === true) this.#ended = true
  }

  #decodeToken(token: string, response: JsonObject, events: ChatEvent[]): void {
    const tag = response['messageTag']
    if (isAnswerTag(tag)) this.#text.push(token, events)
    else if (!isQuietTag(tag)) this.#noteDrift(`tag ${asString(tag) ?? typeof tag}`, response)
  }

  #checkFields(response: JsonObject): void {
    const kind = unknownField(response)
    if (kind !== undefined) this.#noteDrift(kind, response)
  }

  #decodeRich(response: JsonObject, events: ChatEvent[]): void {
    throwError(response['error'])
    const cards = [response['cardAttachment'], ...asArray(response['cardAttachments'])]
    for (const card of cards) if (card !== undefined) events.push(...this.#cards.read(card))
    events.push(...this.#sources.read(response))
    this.#endTool(response, events)
    const whole = asObject(response['modelResponse'])
    if (whole) this.#decodeWhole(whole, events)
    if (whole || asObject(response['finalMetadata'])) this.#ended = true
  }

  #decodeThinking(response: JsonObject, events: ChatEvent[]): void {
    const tag = asString(response['messageTag'])
    const token = asString(response['token']) ?? ''
    const agent = asString(response['rolloutId'])
    if (tag === 'raw_function_result') return // not for display (§14, quirk 15)
    if (tag === 'tool_usage_card') return this.#startTool(response, token, events)
    if (token === '') return
    const kind = reasoningKinds[tag ?? ''] ?? 'raw'
    events.push({ type: 'reasoning-delta', text: token, kind, ...(agent !== undefined && { agent }) })
  }

  #startTool(response: JsonObject, token: string, events: ChatEvent[]): void {
    const agent = asString(response['rolloutId'])
    const step = asNumber(response['messageStepId']) ?? this.#tools.size
    const id = asString(response['toolUsageCardId']) ?? `${agent ?? ''}:${step}`
    if (this.#tools.has(id) || this.#tools.size >= MAX_TOOLS) return
    const card = asObject(response['toolUsageCard'])
    const start = (card && parseToolCard(card, id)) ?? parseToolXml(token, id)
    if (!start) return
    this.#tools.set(id, false)
    events.push({ ...start, ...(agent !== undefined && { agent }) })
  }

  #endTool(response: JsonObject, events: ChatEvent[]): void {
    const id = asString(response['toolUsageCardId'])
    const isRunning = id !== undefined && this.#tools.get(id) === false
    if (!isRunning || asString(response['messageTag']) === 'tool_usage_card') return
    this.#tools.set(id, true)
    events.push({ type: 'tool-end', id })
  }

  /** The complete final message (§5.1.8): errors first, then what was not streamed. */
  #decodeWhole(whole: JsonObject, events: ChatEvent[]): void {
    for (const error of asArray(whole['streamErrors'])) throwError(error)
    for (const card of asArray(whole['cardAttachmentsJson'])) events.push(...this.#cards.read(card))
    events.push(...this.#sources.read(whole))
    const message = asString(whole['message'])
    if (message !== undefined) this.#text.reconcile(message, events)
    for (const url of asArray(whole['generatedImageUrls'])) {
      if (typeof url === 'string') events.push(...this.#cards.readUrl(url))
    }
  }
}

/** Whether the frame has more to say than its token. */
function isRich(response: JsonObject): boolean {
  for (const field of richFields) if (response[field] !== undefined) return true
  return false
}

/** Hosted calls of one answer that are told apart (spec/upstream-chat.md §5.1.5). */
const MAX_TOOLS = 1024

/** Answer text is tagged `final`, or not at all in simple modes (§5.1.3; §14, quirk 1). */
function isAnswerTag(tag: unknown): boolean {
  return tag === undefined || tag === null || tag === '' || tag === 'final'
}

/** Tags of what is known and not shown, with or without `isThinking`. */
function isQuietTag(tag: unknown): boolean {
  return tag === 'raw_function_result' || tag === 'tool_usage_card' || tag === 'header' || tag === 'summary'
}

/** Throws the error that the value describes, if it describes one: `{code, message}`, that inside `error`, or a text. */
function throwError(value: unknown): void {
  if (value === undefined || value === null) return
  const outer = asObject(parseJson(value))
  const fields = asObject(outer?.['error']) ?? outer
  const message =
    asString(fields?.['message']) ??
    asString(fields?.['error']) ??
    asString(fields?.['detail']) ??
    asString(value)
  throw classifyStreamFailure({ code: asNumber(fields?.['code']) ?? 0, message: message ?? 'no message' })
}
