/** Where a source was found. */
export type SourceKind = 'web' | 'x_post'

/** Which part of the thinking a piece belongs to (`messageTag`, spec/upstream-chat.md §5.1.3). */
export type ReasoningKind = 'heading' | 'summary' | 'raw'

export interface TextDelta {
  readonly type: 'text-delta'
  readonly text: string
}

export interface ReasoningDelta {
  readonly type: 'reasoning-delta'
  readonly text: string
  readonly kind: ReasoningKind
  /** The agent that thinks; absent in simple answers. */
  readonly agent?: string
}

/** The service began to use one of its own tools. */
export interface ToolStart {
  readonly type: 'tool-start'
  readonly id: string
  /** snake_case, e.g. `web_search`. */
  readonly tool: string
  /** The argument worth showing, such as the query. */
  readonly argument?: string
  readonly agent?: string
}

export interface ToolEnd {
  readonly type: 'tool-end'
  readonly id: string
}

export interface Source {
  readonly type: 'source'
  readonly url: string
  readonly title: string
  readonly kind: SourceKind
}

/** A marker that stands in the visible text; `start` and `end` (exclusive) count Unicode code points of it. */
export interface Citation {
  readonly type: 'citation'
  readonly url: string
  readonly title: string
  readonly number: number
  readonly start: number
  readonly end: number
}

export interface ImageProgress {
  readonly type: 'image-progress'
  readonly id: string
  /** 0 to 100. */
  readonly percent: number
}

export interface Image {
  readonly type: 'image'
  readonly id: string
  readonly url: string
  /** How it stands in the answer's text; absent: its address alone. */
  readonly text?: string
}

/** A picture that is itself the answer, told only to callers that take it as an item (`PictureWishes.as`). */
export interface GeneratedImage {
  readonly type: 'generated-image'
  readonly base64: string
  /** As its bytes say, e.g. `image/jpeg`. */
  readonly mediaType: string
}

/** The service withheld a picture under its usage guidelines. */
export interface ImageWithheld {
  readonly type: 'image-withheld'
  readonly id: string
}

/** A search of the service itself that has ended; only told to callers that declared it (`ChatRequest.hostedSearch`). */
export interface HostedSearch {
  readonly type: 'hosted-search'
  readonly id: string
  readonly kind: SourceKind
  readonly query: string
  readonly sources: readonly Source[]
}

/** The model asks the caller to run a tool; the input is whole and checked. */
export interface ToolCall {
  readonly type: 'tool-call'
  /** 24 hexadecimal digits; every dialect sets its own prefix before it. */
  readonly id: string
  readonly name: string
  /** The text of one JSON object, or the free text of a custom tool. */
  readonly input: string
}

/** The gateway or the service declines to give the answer asked for; in place of text. */
export interface Refusal {
  readonly type: 'refusal'
  readonly text: string
}

/**
 * Why an answer ended. A stream has exactly one, as its last event; a stream that fails throws instead. `refusal` comes
 * with a {@link Refusal}.
 */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'refusal'

export interface Finish {
  readonly type: 'finish'
  readonly reason: FinishReason
  /** The sequence of the request that ended the answer (`stop` only). */
  readonly stopSequence?: string
}

/** The neutral vocabulary between the upstream's wire and every door. */
export type ChatEvent =
  | TextDelta
  | ReasoningDelta
  | ToolStart
  | ToolEnd
  | Source
  | Citation
  | ImageProgress
  | Image
  | ImageWithheld
  | GeneratedImage
  | HostedSearch
  | ToolCall
  | Refusal
  | Finish

/** Events travel in batches, one per read of the upstream's socket. */
export type ChatStream = AsyncIterable<readonly ChatEvent[]>
