import { parseJson } from '../../util/json-fields.ts'
import type { BlockDelta, BlockEvent, ContentBlock } from './message-events.ts'

/** Puts the blocks of a stream together, as clients do: what is not streamed is the same answer. */
export class FoldedBlocks {
  readonly #blocks: ContentBlock[] = []
  /** What has been added to the open block. */
  #text: string[] = []
  #block: ContentBlock | undefined

  add(events: readonly BlockEvent[]): void {
    for (const event of events) {
      if (event.type === 'content_block_start') this.#block = event.content_block
      else if (event.type === 'content_block_delta') this.#addDelta(event.delta)
      else this.#close()
    }
  }

  get blocks(): readonly ContentBlock[] {
    return this.#blocks
  }

  #addDelta(delta: BlockDelta): void {
    if (delta.type === 'text_delta') this.#text.push(delta.text)
    else if (delta.type === 'thinking_delta') this.#text.push(delta.thinking)
    else if (delta.type === 'input_json_delta') this.#text.push(delta.partial_json)
    else if (delta.type === 'signature_delta') {
      if (this.#block?.type === 'thinking') this.#block = { ...this.#block, signature: delta.signature }
    } else if (this.#block?.type === 'text') {
      this.#block = { ...this.#block, citations: [...(this.#block.citations ?? []), delta.citation] }
    }
  }

  #close(): void {
    const text = this.#text.join('')
    this.#text = []
    if (this.#block) this.#blocks.push(fill(this.#block, text))
    this.#block = undefined
  }
}

function fill(block: ContentBlock, text: string): ContentBlock {
  if (block.type === 'text') return { ...block, text }
  if (block.type === 'thinking') return { ...block, thinking: text }
  if (block.type === 'web_search_tool_result') return block
  return { ...block, input: parseJson(text) ?? {} }
}
