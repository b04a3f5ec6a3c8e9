import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatRequest } from '../core/chat-request.ts'

export interface FormatParts {
  readonly request: ChatRequest
  readonly prompt: string
  readonly ask: (prompt: string) => AsyncGenerator<readonly ChatEvent[]>
}

/** The answer to a request, in the form that it asks for. */
export function keepFormat({ prompt, ask }: FormatParts): AsyncGenerator<readonly ChatEvent[]> {
  return ask(prompt)
}
