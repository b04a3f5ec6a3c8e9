import { isObject, responseOf, type Frame, type JsonObject } from '../answers/frame.ts'
import type { Turn } from '../answers/turn.ts'
import { assertNever } from '../state/assert-never.ts'
import { chunkEvent, metadataOf, resultEvent, textEvent, usageCardEvent } from './chunks.ts'

/** One thing the server says: an event, or text that is no whole message. */
export type GatewayEvent =
  | { readonly type: 'event'; readonly event: JsonObject }
  | { readonly type: 'raw'; readonly text: string }

const ANTI_BOT = 7
const UNAUTHENTICATED = 16

const CITATION_KINDS: readonly (readonly [host: string, kind: string])[] = [
  ['https://x.com/', 'CITATION_KIND_X_POST'],
  ['', 'CITATION_KIND_WEB_PAGE'],
]

const TAG = /^<grok:render card_id="([^"]*)" card_type="[^"]*" type="([^"]*)">([\s\S]*)<\/grok:render>$/

/**
 * The events of an answer of which only the frames of the older protocol are known: the same words, searches, citations
 * and pictures in the manner of spec/upstream-chat.md §5.2.
 */
export function gatewayEvents(
  frames: readonly Frame[],
  turn: Turn,
  requestEventId: string,
): readonly GatewayEvent[] {
  const writer = new EventWriter(turn, requestEventId)
  return [...frames.flatMap((frame) => writer.write(frame)), ...writer.end()]
}

class EventWriter {
  readonly #turn: Turn
  readonly #requestEventId: string
  readonly #cards = new Map<string, JsonObject>()
  #text = ''
  #done: GatewayEvent | null = null

  constructor(turn: Turn, requestEventId: string) {
    this.#turn = turn
    this.#requestEventId = requestEventId
  }

  /** The events of one frame. */
  write(frame: Frame): readonly GatewayEvent[] {
    if (frame.role === 'raw') return [{ type: 'raw', text: frame.text }]
    const response = responseOf(frame) ?? {}
    switch (frame.role) {
      case 'conversation':
      case 'progress':
        return []
      case 'user':
        return this.#opening()
      case 'layout':
        return [chunkEvent({ ui_layout: layoutOf(response['uiLayout']) })]
      case 'info':
        return [chunkEvent({ progress_report: { category: 'model', state: 'started', percentage: 0 } })]
      case 'thinking':
        return [textEvent(String(response['token']), channelOf(response['messageTag']), metadataOf(response))]
      case 'tool':
        return this.#tool(response)
      case 'source':
        return [resultEvent(response)]
      case 'card':
        return this.#card(response['cardAttachment'])
      case 'token':
        return this.#token(response)
      case 'soft-stop':
        return this.#stop()
      case 'final-metadata':
        return followUps(response['finalMetadata'])
      case 'model-response':
        return this.#whole(response['modelResponse'])
      case 'title':
        return titleOf(frame.body)
      case 'error':
        return this.#error(response['error'] ?? frame.body['error'], response['error'] !== undefined)
      default:
        return assertNever(frame)
    }
  }

  /** The end of the answer, which nothing may follow. */
  end(): readonly GatewayEvent[] {
    return this.#done === null ? [] : [this.#done]
  }

  #opening(): readonly GatewayEvent[] {
    const { userResponseId, responseId } = this.#turn
    const response = { id: responseId }
    return [
      eventOf({ type: 'conversation.item.added', item: { id: userResponseId, role: 'user' } }),
      eventOf({ type: 'response.created', client_event_id: this.#requestEventId, response }),
    ]
  }

  #tool(response: JsonObject): readonly GatewayEvent[] {
    const isRaw = response['messageTag'] === 'raw_function_result'
    if (isRaw) return [chunkEvent({ tool_partial_result: { tool_call_id: response['toolUsageCardId'] } })]
    return isObject(response['toolUsageCard']) ? [usageCardEvent(response)] : [resultEvent(response)]
  }

  #card(attachment: unknown): readonly GatewayEvent[] {
    const card = cardOf(attachment)
    if (card === null) return []
    this.#cards.set(String(card['id']), card)
    const chunk = card['image_chunk']
    if (!isObject(chunk)) {
      const isPicture = card['type'] === 'render_generated_image'
      return isPicture ? [chunkEvent({ render_start: { id: card['id'], generated_image: {} } })] : []
    }
    if (chunk['progress'] !== 100)
      return [outputEvent({ card_attachment: { jsonData: JSON.stringify(card) } })]
    // T14 tells a finished picture twice, and its card as an object
    return [
      outputEvent({ card_attachment: { jsonData: card } }),
      chunkEvent({ render_generated_image: { id: card['id'], query: '', image_chunk: chunk } }),
    ]
  }

  #token(response: JsonObject): readonly GatewayEvent[] {
    const token = textOf(response['token'])
    if (token === '') return []
    const [, id, type, rest = ''] = TAG.exec(token) ?? []
    if (type === 'render_generated_image') return []
    const card = id === undefined ? undefined : this.#cards.get(id)
    if (type === 'render_inline_citation' && card !== undefined) return [citation(card, rest)]
    this.#text += token
    const isTagged = response['messageTag'] === 'final'
    const said = textEvent(token, isTagged ? 'CHANNEL_ASSISTANT_RESPONSE' : null, null)
    return [...this.#tornCards(token), said]
  }

  /** A tag that is torn over several tokens stays in the text, so its card must be known before it. */
  #tornCards(token: string): readonly GatewayEvent[] {
    if (!token.startsWith('<grok:ren')) return []
    return [...this.#cards.values()].map((card) =>
      outputEvent({ card_attachment: { jsonData: JSON.stringify(card) } }),
    )
  }

  #stop(): readonly GatewayEvent[] {
    this.#done = this.#doneEvent('completed')
    return this.#text === '' ? [] : [eventOf({ type: 'response.output_text.done', text: this.#text })]
  }

  #whole(whole: unknown): readonly GatewayEvent[] {
    const fields = isObject(whole) ? whole : {}
    const [error] = Array.isArray(fields['streamErrors']) ? fields['streamErrors'] : []
    if (isObject(error)) {
      this.#done = null
      return this.#error(error['error'] ?? error, false)
    }
    this.#done = this.#doneEvent('completed')
    const message = textOf(fields['message'])
    const isUnsaid = this.#text === '' && message !== '' && !message.includes('<grok:render')
    return isUnsaid ? [eventOf({ type: 'response.output_text.done', text: message })] : []
  }

  #error(error: unknown, isNested: boolean): readonly GatewayEvent[] {
    const { code = 0, message = 'Internal error' } = isObject(error) ? error : {}
    if (isNested) return [eventOf({ type: 'response.error', error: { code, message } })]
    // T13 (b): what the edge says comes as an event of its own
    if (code === ANTI_BOT || code === UNAUTHENTICATED) {
      return [{ type: 'event', event: { type: 'error', error: { code, message } } }]
    }
    const severity = 'STREAM_ERROR_SEVERITY_FATAL'
    const details = detailsOf(String(message))
    return [outputEvent({ stream_error: { code, message, severity, details } }), this.#doneEvent('failed')]
  }

  #doneEvent(status: 'completed' | 'failed'): GatewayEvent {
    return eventOf({ type: 'response.done', response: { id: this.#turn.responseId, status } })
  }
}

/** An event as it stands in the envelope. */
export function eventOf(event: JsonObject): GatewayEvent {
  return { type: 'event', event }
}

function outputEvent(output: JsonObject): GatewayEvent {
  return eventOf({ type: 'response.grok.output', output })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function channelOf(tag: unknown): string {
  if (tag === 'header') return 'CHANNEL_ASSISTANT_NOTETAKER_HEADER'
  return tag === 'summary' ? 'CHANNEL_ASSISTANT_NOTETAKER_SUMMARY' : 'CHANNEL_ASSISTANT_ANALYSIS'
}

function layoutOf(layout: unknown): JsonObject {
  const { reasoningUiLayout, willThinkLong, effort, rolloutIds } = isObject(layout) ? layout : {}
  return {
    reasoning_ui_layout: reasoningUiLayout,
    will_think_long: willThinkLong,
    effort,
    rollout_ids: rolloutIds,
  }
}

function followUps(metadata: unknown): readonly GatewayEvent[] {
  const suggestions = isObject(metadata) ? metadata['followUpSuggestions'] : []
  const labels = Array.isArray(suggestions)
    ? suggestions.map((each) => (isObject(each) ? each['label'] : ''))
    : []
  return labels.length === 0 ? [] : [chunkEvent({ follow_up_suggestions: labels })]
}

function titleOf(body: JsonObject): readonly GatewayEvent[] {
  const result = isObject(body['result']) ? body['result'] : {}
  const title = isObject(result['title']) ? result['title']['newTitle'] : ''
  return [eventOf({ type: 'conversation.title.updated', title })]
}

function citation(card: JsonObject, argument: string): GatewayEvent {
  const url = String(card['url'])
  const number = /<argument name="citation_id">([^<]*)</.exec(argument)?.[1] ?? '0'
  const kind = CITATION_KINDS.find(([host]) => url.startsWith(host))?.[1]
  return chunkEvent({ render_citation: { id: card['id'], kind, url, citation_id: `web:${number}` } })
}

function cardOf(attachment: unknown): JsonObject | null {
  if (!isObject(attachment)) return null
  const data = attachment['jsonData']
  const card: unknown = typeof data === 'string' ? JSON.parse(data) : data
  return isObject(card) ? card : null
}

function detailsOf(message: string): JsonObject {
  const words = message.toLowerCase()
  if (words.includes('usage limit')) return { usage_limit_reached: {} }
  if (words.includes('rate limit') || words.includes('too many requests')) return { global_rate_limit: {} }
  return { internal_error: {} }
}
