/** Who asked for a tool: always the model itself, never code that it runs. */
export interface DirectCaller {
  readonly type: 'direct'
}

/** A place of the text that rests on a page that was found. */
export interface WebCitation {
  readonly type: 'web_search_result_location'
  readonly url: string
  readonly title: string
  readonly cited_text: string
  readonly encrypted_index: string
}

export interface TextBlock {
  readonly type: 'text'
  readonly text: string
  readonly citations: readonly WebCitation[] | null
}

export interface ThinkingBlock {
  readonly type: 'thinking'
  readonly thinking: string
  readonly signature: string
}

export interface ToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: unknown
  readonly caller: DirectCaller
}

export interface ServerToolUseBlock {
  readonly type: 'server_tool_use'
  readonly id: string
  readonly name: 'web_search'
  readonly input: unknown
  readonly caller: DirectCaller
}

export interface WebSearchResult {
  readonly type: 'web_search_result'
  readonly url: string
  readonly title: string
  readonly encrypted_content: string
  readonly page_age: null
}

export interface WebSearchToolResultBlock {
  readonly type: 'web_search_tool_result'
  readonly tool_use_id: string
  readonly content: readonly WebSearchResult[]
  readonly caller: DirectCaller
}

/** A block of an answer, in the official shape. */
export type ContentBlock =
  | TextBlock
  | ThinkingBlock
  | ToolUseBlock
  | ServerToolUseBlock
  | WebSearchToolResultBlock

/** What is added to the open block of a stream. */
export type BlockDelta =
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'thinking_delta'; readonly thinking: string }
  | { readonly type: 'signature_delta'; readonly signature: string }
  | { readonly type: 'input_json_delta'; readonly partial_json: string }
  | { readonly type: 'citations_delta'; readonly citation: WebCitation }

/** The events that an answer's content is made of; one block is open at a time. */
export type BlockEvent =
  | { readonly type: 'content_block_start'; readonly index: number; readonly content_block: ContentBlock }
  | { readonly type: 'content_block_delta'; readonly index: number; readonly delta: BlockDelta }
  | { readonly type: 'content_block_stop'; readonly index: number }
