/** One event of an SSE stream as a client reads it. */
export interface SseEvent {
  /** The `event:` line, where there is one. */
  readonly name?: string
  readonly data: string
}

/** What the official types and documentation say about the order and form of a stream's events. */
export interface StreamGrammar {
  /** Takes the next event; returns what is wrong with it, in words. */
  accept(event: SseEvent): readonly string[]
  /** The stream has ended cleanly; returns what is missing. A stream that was cut is not ended. */
  end(): readonly string[]
}
