import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatRequest } from '../core/chat-request.ts'
import { filterEvents, type EventFilter } from '../core/event-filter.ts'
import { OutputCap, type Tokenizer } from '../core/output-cap.ts'
import { ReasoningNarrator } from '../core/reasoning-narrator.ts'
import { SourcesSection } from '../core/sources-section.ts'
import { StopSequences } from '../core/stop-sequences.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import { encodePrompt } from '../upstream/prompt.ts'
import { attempt, type AttemptParts } from './attempt.ts'

/** The settings that shape an answer. */
export interface ChatSettings {
  readonly reasoningSummary: boolean
  readonly showSources: boolean
}

export interface ChatParts extends AttemptParts {
  readonly upstream: UpstreamClient
  readonly tokenizer: Tokenizer
  readonly chatSettings: () => ChatSettings
}

/** A chat that is ready to run. */
export interface Chat {
  /** The text that the upstream receives; what usage is estimated from. */
  readonly prompt: string
  /**
   * Starts an answer; the first pull leases an account. Several answers to one chat are several calls. A door's own
   * filters come after the request's.
   */
  open(filters?: readonly EventFilter[]): AsyncGenerator<readonly ChatEvent[]>
}

/** Who asks: the request's id for the log, and the signal that fires when the client leaves. */
export interface Caller {
  readonly requestId: string
  readonly signal: AbortSignal
}

/** Prepares a chat; throws a `GatewayError` if the request cannot be put to the upstream at all. */
export function openChat(parts: ChatParts, request: ChatRequest, caller: Caller): Chat {
  const prompt = encodePrompt(request.messages)
  const plan = { model: request.model, ...caller }
  const open: Chat['open'] = (filters = []) => {
    const stream = attempt(parts, plan, ({ lease, wayOut }) =>
      parts.upstream.chat({
        credential: lease.credential,
        mode: lease.mode,
        prompt,
        signal: caller.signal,
        onServed: () => lease.markServed(),
        ...(wayOut.proxyUrl !== undefined && { proxyUrl: wayOut.proxyUrl }),
      }),
    )
    return filterEvents(stream, [...chooseFilters(parts, request), ...filters])
  }
  return { prompt, open }
}

function chooseFilters(parts: ChatParts, request: ChatRequest): EventFilter[] {
  const { reasoningSummary, showSources } = parts.chatSettings()
  const style = reasoningSummary ? 'summary' : 'full'
  const filters: EventFilter[] = [new ReasoningNarrator(request.reasoning ? style : 'hidden')]
  if (request.stop.length > 0) filters.push(new StopSequences(request.stop))
  if (request.maxOutputTokens !== undefined)
    filters.push(new OutputCap(parts.tokenizer, request.maxOutputTokens))
  if (showSources) filters.push(new SourcesSection())
  return filters
}
