import type { JsonObject } from '../../../util/json-fields.ts'

/** How an item stands. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export interface UrlCitation {
  readonly type: 'url_citation'
  readonly url: string
  readonly title: string
  readonly start_index: number
  readonly end_index: number
}

export interface OutputText {
  readonly type: 'output_text'
  readonly text: string
  readonly annotations: readonly UrlCitation[]
  readonly logprobs: readonly never[]
}

export interface OutputRefusal {
  readonly type: 'refusal'
  readonly refusal: string
}

export interface MessageItem {
  readonly type: 'message'
  readonly id: string
  readonly status: ItemStatus
  readonly role: 'assistant'
  readonly content: readonly (OutputText | OutputRefusal)[]
}

export interface SummaryText {
  readonly type: 'summary_text'
  readonly text: string
}

export interface ReasoningItem {
  readonly type: 'reasoning'
  readonly id: string
  readonly status: ItemStatus
  readonly summary: readonly SummaryText[]
  /** With `include: ["reasoning.encrypted_content"]`. */
  readonly encrypted_content?: string
}

export interface FunctionCallItem {
  readonly type: 'function_call'
  readonly id: string
  readonly status: ItemStatus
  readonly call_id: string
  readonly name: string
  readonly namespace?: string
  readonly arguments: string
}

export interface CustomToolCallItem {
  readonly type: 'custom_tool_call'
  readonly id: string
  readonly status: ItemStatus
  readonly call_id: string
  readonly name: string
  readonly namespace?: string
  readonly input: string
}

export interface ToolSearchCallItem {
  readonly type: 'tool_search_call'
  readonly id: string
  readonly status: ItemStatus
  readonly call_id: string
  readonly execution: 'client'
  readonly arguments: JsonObject
}

export interface WebSearchCallItem {
  readonly type: 'web_search_call'
  readonly id: string
  readonly status: ItemStatus | 'searching'
  readonly action: {
    readonly type: 'search'
    readonly query: string
    readonly queries: readonly string[]
    readonly sources?: readonly { readonly type: 'url'; readonly url: string }[]
  }
}

/** A picture; `result` is its base64. */
export interface ImageGenerationCallItem {
  readonly type: 'image_generation_call'
  readonly id: string
  readonly status: 'in_progress' | 'completed'
  readonly result: string | null
  readonly output_format?: 'png' | 'jpeg' | 'webp' | 'gif'
}

/** An item of an answer, in the official form. */
export type OutputItem =
  | MessageItem
  | ReasoningItem
  | FunctionCallItem
  | CustomToolCallItem
  | ToolSearchCallItem
  | WebSearchCallItem
  | ImageGenerationCallItem
