import type { ChatEvent, ReasoningDelta, ToolStart } from './chat-event.ts'
import type { EventFilter } from './event-filter.ts'

/** How much of the thinking an answer shows (`features.thinking`, `features.thinking_summary`). */
export type ReasoningStyle = 'hidden' | 'full' | 'summary'

/** The agent that writes the answer; it needs no label (spec/upstream-chat.md §5.1.6). */
const LEADER = 'Grok'

const toolIcons: Readonly<Record<string, string>> = {
  web_search: '🔍',
  x_search: '🔍',
  x_keyword_search: '🔍',
  x_semantic_search: '🔍',
  browse_page: '🌐',
  search_images: '🖼️',
  image_search: '🖼️',
  chatroom_send: '📋',
  code_execution: '💻',
}

/**
 * Writes the thinking as one readable text: who thinks when there are several, a line per tool that is used. `summary`
 * keeps headings and bullets, each once, and ends with a count of the tools. Thinking that arrives after the answer has
 * begun is left out, in streams and folded answers alike.
 */
export class ReasoningNarrator implements EventFilter {
  readonly #style: ReasoningStyle
  readonly #seenBullets = new Set<string>()
  readonly #toolCounts = new Map<string, number>()
  #agent = LEADER
  #isAtLineStart = true
  #hasAnswer = false

  constructor(style: ReasoningStyle) {
    this.#style = style
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    if (!batch.some((event) => this.#concerns(event))) return batch
    const kept: ChatEvent[] = []
    for (const event of batch) {
      if (event.type === 'text-delta' && !this.#hasAnswer) this.#closeThinking(kept)
      if (event.type === 'reasoning-delta') this.#narrate(event, kept)
      else kept.push(event)
      if (event.type === 'tool-start') this.#narrateTool(event, kept)
    }
    return kept
  }

  #concerns({ type }: ChatEvent): boolean {
    return type === 'reasoning-delta' || type === 'tool-start' || (type === 'text-delta' && !this.#hasAnswer)
  }

  get #isSilent(): boolean {
    return this.#style === 'hidden' || this.#hasAnswer
  }

  #narrate(event: ReasoningDelta, kept: ChatEvent[]): void {
    if (this.#isSilent || (this.#style === 'summary' && !this.#isNewBullet(event))) return
    const isLine = event.kind !== 'raw'
    const start = this.#label(event.agent) + (isLine && !this.#isAtLineStart ? '\n' : '')
    const end = isLine && !event.text.endsWith('\n') ? '\n' : ''
    this.#write(start + event.text + end, kept)
  }

  #narrateTool({ tool, argument, agent }: ToolStart, kept: ChatEvent[]): void {
    this.#toolCounts.set(tool, (this.#toolCounts.get(tool) ?? 0) + 1)
    if (this.#isSilent || this.#style === 'summary') return
    const who = agent === undefined || agent === LEADER ? '' : `[${agent}] `
    const what = argument === undefined ? tool : `${tool}: ${argument}`
    const start = this.#isAtLineStart ? '' : '\n'
    this.#write(`${start}${who}${toolIcons[tool] ?? '🔧'} ${what}\n`, kept)
  }

  /** A line that names the agent, when another one than before thinks now. */
  #label(agent: string | undefined): string {
    if (agent === undefined || agent === this.#agent) return ''
    this.#agent = agent
    const gap = this.#isAtLineStart ? '\n' : '\n\n'
    this.#isAtLineStart = true
    return `${gap}[${agent}]\n`
  }

  /** Summary style: whether the piece is a heading or bullet that was not shown yet, compared without case and signs. */
  #isNewBullet({ kind, text }: ReasoningDelta): boolean {
    if (kind === 'raw' || this.#seenBullets.size >= MAX_BULLETS) return false
    const key = text.toLowerCase().replaceAll(/https?:\/\/\S+|[\p{P}\p{S}\s]/gu, '')
    if (key === '' || this.#seenBullets.has(key)) return false
    this.#seenBullets.add(key)
    return true
  }

  #closeThinking(kept: ChatEvent[]): void {
    if (this.#style === 'summary' && this.#toolCounts.size > 0) {
      const counts = [...this.#toolCounts].map(([tool, count]) => `${tool} × ${count}`).join(', ')
      this.#write(`${this.#isAtLineStart ? '' : '\n'}Tools used: ${counts}\n`, kept)
    }
    this.#hasAnswer = true
  }

  #write(text: string, kept: ChatEvent[]): void {
    if (text === '') return
    this.#isAtLineStart = text.endsWith('\n')
    kept.push({ type: 'reasoning-delta', text, kind: 'raw' })
  }
}

/** Headings and bullets that a summary shows at most. */
const MAX_BULLETS = 200
