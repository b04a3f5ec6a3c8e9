import type { ChatEvent, Source } from '../../core/chat-event.ts'
import { asArray, asNumber, asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { parseToolCard } from '../hosted-tools.ts'
import type { SourceBook } from '../sources.ts'

/** Hosted calls of one answer that are told apart (spec/upstream-chat.md §5.1.5). */
const MAX_CALLS = 1024

interface HostedCall {
  readonly kind: string
  isRunning: boolean
}

/** The service's own tools in one answer: cards begin a call, results end it (spec/upstream-chat.md §5.2.2). */
export class HostedCalls {
  readonly #sources: SourceBook
  readonly #calls = new Map<string, HostedCall>()

  constructor(sources: SourceBook) {
    this.#sources = sources
  }

  /** A `tool_usage_card`. */
  begin(card: JsonObject, metadata: JsonObject | undefined, events: ChatEvent[]): void {
    const agent = asString(metadata?.['rollout_id'])
    const step = asNumber(metadata?.['step_id']) ?? this.#calls.size
    const id = asString(card['tool_usage_card_id']) || `${agent ?? ''}:${step}`
    if (this.#calls.has(id) || this.#calls.size >= MAX_CALLS) return
    const start = parseToolCard(card, id)
    if (!start) return
    this.#calls.set(id, { kind: kindOf(start.tool), isRunning: true })
    events.push({ ...start, ...(agent !== undefined && { agent }) })
  }

  /** A `tool_result`: what was found, and the end of the call. */
  finish(result: JsonObject, metadata: JsonObject | undefined, events: ChatEvent[]): void {
    const tool = Object.keys(result).find((key) => asObject(result[key])) ?? ''
    const id = asString(result['tool_call_id']) || this.#onlyRunning(kindOf(tool))
    // a result that no card announced is a call of its own
    if (id !== undefined && !this.#calls.has(id) && tool !== '') {
      const card = { tool_usage_card_id: id, [nameOf(tool)]: {} }
      this.begin(card, metadata, events)
    }
    events.push(...this.#readSources(result))
    const call = id === undefined ? undefined : this.#calls.get(id)
    if (id === undefined || !call?.isRunning) return
    call.isRunning = false
    events.push({ type: 'tool-end', id })
  }

  /** A `response.search.result`, which belongs to no call. */
  readResult(result: unknown): readonly Source[] {
    return this.#sources.read({ webSearchResults: [result] })
  }

  #onlyRunning(kind: string): string | undefined {
    const running = [...this.#calls].filter(([, call]) => call.isRunning && call.kind === kind)
    return running.length === 1 ? running[0]?.[0] : undefined
  }

  #readSources(result: JsonObject): readonly Source[] {
    const posts = asArray(asObject(result['x_post'])?.['posts']).map((post) => {
      const fields = asObject(post) ?? {}
      const username = fields['userhandle'] ?? fields['username']
      return {
        username,
        author: asString(fields['name']) || username,
        postId: fields['post_id'] ?? fields['postId'],
        text: fields['text'],
      }
    })
    const webpages = asObject(result['web_search'])?.['webpages']
    return this.#sources.read({ webSearchResults: webpages, xSearchResults: posts })
  }
}

/** Cards and results do not name a tool alike. */
function kindOf(tool: string): string {
  return tool.startsWith('x_') ? 'x' : tool
}

function nameOf(tool: string): string {
  return tool === 'x_post' ? 'x_search' : tool
}
