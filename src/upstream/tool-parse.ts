import type { ChatEvent, Citation, ToolCall } from '../core/chat-event.ts'
import type { EventFilter } from '../core/event-filter.ts'
import type { Tool } from '../core/tools.ts'
import { BlockReader } from './block-reader.ts'
import { countCodePoints } from './citations.ts'
import { parseBlock, type BlockKind } from './tool-block.ts'
import { checkToolInput } from './tool-input.ts'
import { findTag, OpenerFinder, type Opener } from './tool-openers.ts'

/** Calls of one answer that are passed on; what a model writes beyond that is a fault of its own. */
const MAX_CALLS = 128

/** Where the reading of an answer stands; `between`: after a block of calls, before any further text. */
type Phase = 'text' | 'block' | 'between' | 'over'

/**
 * Finds the calls of tools in an answer's text as it streams (spec/upstream-chat.md §9): text before and after a block
 * stays text, a block becomes `tool-call` events, and what only looked like one is let go as the text that it is.
 */
export class ToolCallParser implements EventFilter {
  readonly #tools: ReadonlyMap<string, Tool>
  readonly #maxCalls: number
  readonly #finder = new OpenerFinder()
  #phase: Phase = 'text'
  /** Text that may be the beginning of a block, or white space after one. */
  #held = ''
  #block = new BlockReader('tool_calls')
  #calls = 0
  /** Code points that were taken out of the text, by which later citations stand earlier. */
  #removed = 0

  constructor(tools: readonly Tool[], parallel: boolean) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]))
    this.#maxCalls = parallel ? MAX_CALLS : 1
  }

  apply(batch: readonly ChatEvent[]): readonly ChatEvent[] {
    const events: ChatEvent[] = []
    for (const event of batch) {
      if (event.type === 'text-delta') this.#readText(event.text, events)
      else if (event.type === 'citation') events.push(this.#moveCitation(event))
      else if (event.type === 'finish') {
        this.#end(events)
        events.push(this.#calls > 0 && event.reason === 'stop' ? { ...event, reason: 'tool-calls' } : event)
      } else events.push(event)
    }
    return events
  }

  #moveCitation(citation: Citation): Citation {
    if (this.#removed === 0) return citation
    return { ...citation, start: citation.start - this.#removed, end: citation.end - this.#removed }
  }

  /** Each turn reads a part of the text in one phase, and leaves what the next phase has to read. */
  #readText(delta: string, events: ChatEvent[]): void {
    for (let rest = delta; rest !== '';) {
      switch (this.#phase) {
        case 'text':
          rest = this.#scan(rest, events)
          break
        case 'block':
          rest = this.#readBlock(rest, events)
          break
        case 'between':
          rest = this.#readBetween(rest)
          break
        default:
          release(rest, events)
          rest = ''
      }
    }
  }

  #scan(delta: string, events: ChatEvent[]): string {
    const text = this.#held + delta
    const opener = this.#finder.find(text)
    release(opener ? text.slice(0, opener.at) : text, events)
    return this.#take(opener, text)
  }

  /** After a block: white space waits for what follows it; a further block counts only where each holds one call. */
  #readBetween(delta: string): string {
    const text = this.#held + delta
    const at = text.length - text.trimStart().length
    const opener = holdsOneCall(this.#block.kind) ? findTag(text, at) : undefined
    if (opener?.kind !== undefined) return this.#take(opener, text)
    if (opener || at === text.length) {
      this.#held = text
      return ''
    }
    this.#phase = 'over'
    this.#held = ''
    return text
  }

  /** Begins a block, or holds back what may become one; returns the text of the block. */
  #take(opener: Opener | undefined, text: string): string {
    const found = opener ? text.slice(opener.at) : ''
    const isSure = opener?.kind !== undefined
    this.#held = isSure ? '' : found
    if (!isSure) return ''
    this.#block = new BlockReader(opener.kind)
    this.#phase = 'block'
    return found
  }

  #readBlock(piece: string, events: ChatEvent[]): string {
    const block = this.#block
    const end = block.push(piece)
    if (end === undefined) {
      if (block.isTooLong) this.#giveUp(block.text, events)
      return ''
    }
    const text = block.text.slice(0, end)
    const calls = this.#readCalls(block.kind, text)
    if (calls.length > 0) this.#close(text, calls, events)
    else this.#giveUp(text, events)
    return block.text.slice(end)
  }

  #close(text: string, calls: readonly ToolCall[], events: ChatEvent[]): void {
    this.#phase = 'between'
    this.#removed += countCodePoints(text)
    const taken = calls.slice(0, this.#maxCalls - this.#calls)
    this.#calls += taken.length
    events.push(...taken)
  }

  /** What was read as a block is none. */
  #giveUp(text: string, events: ChatEvent[]): void {
    this.#phase = 'text'
    this.#finder.skip(text)
    release(text, events)
  }

  /** The answer is over: a block without its end may still hold whole calls. */
  #end(events: ChatEvent[]): void {
    const { kind, text } = this.#block
    if (this.#phase === 'text' || this.#held.trim() !== '') release(this.#held, events)
    this.#held = ''
    if (this.#phase !== 'block') return
    const calls = this.#readCalls(kind, text)
    if (calls.length > 0) this.#close(text, calls, events)
    else this.#giveUp(text, events)
  }

  #readCalls(kind: BlockKind, text: string): readonly ToolCall[] {
    return parseBlock(kind, text).flatMap(({ name, body }): ToolCall[] => {
      const tool = this.#findTool(name)
      const input = tool && checkToolInput(body, tool)
      if (!tool || input === undefined) return []
      return [{ type: 'tool-call', id: newCallId(), name: tool.name, input }]
    })
  }

  /** The tool of this name; a dot between a group and a name is read as the two underscores that stand for it. */
  #findTool(name: string): Tool | undefined {
    return this.#tools.get(name) ?? this.#tools.get(name.replaceAll('.', '__'))
  }
}

function release(text: string, events: ChatEvent[]): void {
  if (text !== '') events.push({ type: 'text-delta', text })
}

/** Blocks of these kinds come one after another; a root holds all calls that there are (§9.2). */
function holdsOneCall(kind: BlockKind): boolean {
  return kind !== 'tool_calls' && kind !== 'json'
}

function newCallId(): string {
  return crypto.randomUUID().replaceAll('-', '').slice(0, 24)
}
