import type { ChatEvent, Citation, Finish, HostedSearch, ToolCall } from '../../core/chat-event.ts'
import type { BlockDelta, BlockEvent, ContentBlock, WebCitation } from './message-events.ts'

const direct = { type: 'direct' } as const

/** What is known of an answer when it is over. */
export interface AnswerOutcome {
  readonly finish: Finish
  /** Why there is no answer; empty otherwise. */
  readonly refusal: string
  readonly webSearches: number
}

/**
 * Encodes one answer as content blocks: each has an index of its own, is opened and closed once, and only one is open
 * at a time. An answer has at least one block, and thinking alone is not the last of it: clients read a text.
 */
export class BlockEncoder {
  readonly #messageId: string
  #open: 'text' | 'thinking' | undefined
  /** The index of the open block, or of the next one. */
  #index = 0
  #hasAnswer = false
  /** Citations that came when no text was open; they go to the next. */
  #citations: Citation[] = []
  #finish: Finish = { type: 'finish', reason: 'stop' }
  #refusal = ''
  #webSearches = 0

  constructor(messageId: string) {
    this.#messageId = messageId
  }

  /** The events of a batch; none if nothing of it is shown. */
  encode(batch: readonly ChatEvent[]): readonly BlockEvent[] {
    const out: BlockEvent[] = []
    for (const event of batch) this.#encodeEvent(event, out)
    return out
  }

  get outcome(): AnswerOutcome {
    return { finish: this.#finish, refusal: this.#refusal, webSearches: this.#webSearches }
  }

  #encodeEvent(event: ChatEvent, out: BlockEvent[]): void {
    if (event.type === 'text-delta') this.#addText(event.text, out)
    else if (event.type === 'reasoning-delta') this.#addThinking(event.text, out)
    else if (event.type === 'citation') this.#addCitation(event, out)
    else if (event.type === 'tool-call') this.#addToolCall(event, out)
    else if (event.type === 'hosted-search') this.#addSearch(event, out)
    else if (event.type === 'refusal') this.#addRefusal(event.text, out)
    else if (event.type === 'finish') this.#end(event, out)
  }

  #addText(text: string, out: BlockEvent[]): void {
    if (text === '') return
    this.#openText(out)
    out.push(this.#delta({ type: 'text_delta', text }))
  }

  #openText(out: BlockEvent[]): void {
    if (this.#open === 'text') return
    this.#start('text', { type: 'text', text: '', citations: null }, out)
    this.#hasAnswer = true
    for (const citation of this.#citations.splice(0)) this.#addCitation(citation, out)
  }

  #addThinking(thinking: string, out: BlockEvent[]): void {
    if (thinking === '') return
    if (this.#open !== 'thinking') {
      this.#start('thinking', { type: 'thinking', thinking: '', signature: '' }, out)
    }
    out.push(this.#delta({ type: 'thinking_delta', thinking }))
  }

  #addCitation(citation: Citation, out: BlockEvent[]): void {
    if (this.#open !== 'text') this.#citations.push(citation)
    else out.push(this.#delta({ type: 'citations_delta', citation: encodeCitation(citation) }))
  }

  /** What the upstream says in place of an answer is for people to read, and is told apart by the stop reason. */
  #addRefusal(text: string, out: BlockEvent[]): void {
    this.#refusal += text
    this.#addText(text, out)
  }

  #addToolCall({ id, name, input }: ToolCall, out: BlockEvent[]): void {
    this.#addWhole({ type: 'tool_use', id: `toolu_${id}`, name, input: {}, caller: direct }, out, input)
  }

  #addSearch({ query, sources }: HostedSearch, out: BlockEvent[]): void {
    this.#webSearches++
    const id = `srvtoolu_${this.#messageId.replace(/^msg_/, '')}${this.#webSearches}`
    const use = { type: 'server_tool_use', id, name: 'web_search', input: {}, caller: direct } as const
    this.#addWhole(use, out, JSON.stringify({ query }))
    const content = sources.map(({ url, title }) => ({
      type: 'web_search_result' as const,
      url,
      title,
      // opaque by contract: clients give it back, and we need nothing of it
      encrypted_content: '',
      page_age: null,
    }))
    this.#addWhole({ type: 'web_search_tool_result', tool_use_id: id, content, caller: direct }, out)
  }

  /** A block that is known whole: opened, filled and closed at once. */
  #addWhole(block: ContentBlock, out: BlockEvent[], input?: string): void {
    this.#close(out)
    out.push({ type: 'content_block_start', index: this.#index, content_block: block })
    if (input !== undefined) out.push(this.#delta({ type: 'input_json_delta', partial_json: input }))
    out.push({ type: 'content_block_stop', index: this.#index++ })
    if (block.type === 'tool_use') this.#hasAnswer = true
  }

  #end(finish: Finish, out: BlockEvent[]): void {
    this.#finish = finish
    if (!this.#hasAnswer || this.#citations.length > 0) this.#openText(out)
    this.#close(out)
  }

  #start(type: 'text' | 'thinking', block: ContentBlock, out: BlockEvent[]): void {
    this.#close(out)
    this.#open = type
    out.push({ type: 'content_block_start', index: this.#index, content_block: block })
  }

  #close(out: BlockEvent[]): void {
    if (!this.#open) return
    if (this.#open === 'thinking') {
      out.push(this.#delta({ type: 'signature_delta', signature: this.#signature() }))
    }
    this.#open = undefined
    out.push({ type: 'content_block_stop', index: this.#index++ })
  }

  /** Clients keep it and give it back, and some refuse an empty one; it proves nothing, and nothing checks it. */
  #signature(): string {
    return btoa(`${this.#messageId}/${this.#index}`)
  }

  #delta(delta: BlockDelta): BlockEvent {
    return { type: 'content_block_delta', index: this.#index, delta }
  }
}

/** The passage of the page that is meant is not known to us. */
function encodeCitation({ url, title, number }: Citation): WebCitation {
  return {
    type: 'web_search_result_location',
    url,
    title,
    cited_text: '',
    encrypted_index: String(number),
  }
}
