import type { ChatEvent } from '../core/chat-event.ts'
import type { ChatRequest } from '../core/chat-request.ts'
import { filterEvents, type EventFilter } from '../core/event-filter.ts'
import { HostedSearches } from '../core/hosted-searches.ts'
import { ImageLinks } from '../core/image-links.ts'
import type { MediaLinks } from '../core/media.ts'
import { OutputCap, type Tokenizer } from '../core/output-cap.ts'
import { ReasoningNarrator } from '../core/reasoning-narrator.ts'
import { SourcesSection } from '../core/sources-section.ts'
import { StopSequences } from '../core/stop-sequences.ts'
import { callableTools } from '../core/tools.ts'
import { countPromptTokens } from '../core/usage.ts'
import type { ChatCall } from '../upstream/chat-call.ts'
import type { UpstreamClient } from '../upstream/client.ts'
import type { KnownPlace } from '../upstream/conversation-places.ts'
import { encodePrompt } from '../upstream/prompt.ts'
import { ToolCallParser } from '../upstream/tool-parse.ts'
import type { Attachments, LoadedFile } from './attachments.ts'
import { attempt, type AttemptParts } from './attempt.ts'
import { identify } from './identify.ts'
import { startAnew } from './start-anew.ts'
import { answerChecked } from './checked-answer.ts'
import { refuseTooLong } from './context-guard.ts'
import type { MediaIdentity, MediaKeeper } from './media-keeper.ts'
import { PicturePresenter, type PictureSettings } from './present-pictures.ts'
import { withFiles } from './with-files.ts'

/** The settings that shape an answer. */
export interface ChatSettings {
  readonly reasoningSummary: boolean
  readonly showSources: boolean
  /** A conversation goes on where the upstream keeps it, instead of being told anew. */
  readonly continuesConversations: boolean
  /** Tokens that a conversation with a model may have. */
  readonly contextLength: (modelId: string) => number
  readonly pictures: PictureSettings
}

export interface ChatParts extends AttemptParts {
  readonly upstream: UpstreamClient
  readonly tokenizer: Tokenizer
  readonly attachments: Attachments
  readonly mediaKeeper: MediaKeeper
  readonly chatSettings: () => ChatSettings
}

/** A chat that is ready to run. */
export interface Chat {
  /** Estimated tokens of what the upstream receives; counted once. */
  countPromptTokens(): Promise<number>
  /**
   * Starts an answer; the first pull leases an account. Several answers to one chat are several calls. A door's own
   * filters come after the request's.
   */
  open(filters?: readonly EventFilter[]): AsyncGenerator<readonly ChatEvent[]>
  /** The account that answered last, once it has begun to. */
  servedBy(): number | undefined
}

/** Who asks: the request's id for the log, and the signal that fires when the client leaves. */
export interface Caller {
  readonly requestId: string
  readonly signal: AbortSignal
  /** The account that gave the conversation's earlier turn, if that is known. */
  readonly preferAccountId?: number | undefined
  /** How pictures that are kept here are linked to. */
  readonly links: MediaLinks
}

/**
 * Prepares a chat: its prompt, and the bytes of its files. Throws a `GatewayError` if the request cannot be put to the
 * upstream at all.
 */
export async function openChat(parts: ChatParts, request: ChatRequest, caller: Caller): Promise<Chat> {
  const prompt = encodePrompt(request)
  const files = await parts.attachments.load(request.messages, caller.signal)
  let promptTokens: Promise<number> | undefined
  const count = (): Promise<number> =>
    (promptTokens ??= countPromptTokens(parts.tokenizer, prompt, files.length))
  await refuseTooLong(parts.chatSettings().contextLength(request.model.id), prompt, count)
  let servedBy: number | undefined
  const ask = (text: string): AsyncGenerator<readonly ChatEvent[]> =>
    askUpstream(parts, { request, caller, prompt: text, files, onServed: (id) => (servedBy = id) })
  const open: Chat['open'] = (filters = []) => {
    const stream = answerChecked({ request, prompt, ask })
    return filterEvents(stream, [...chooseFilters(parts, request), ...filters])
  }
  return { countPromptTokens: count, open, servedBy: () => servedBy }
}

/** What a request would cost the caller, without asking anybody (pictures at a flat rate). */
export function countRequestTokens(
  { tokenizer }: Pick<ChatParts, 'tokenizer'>,
  request: ChatRequest,
): Promise<number> {
  const files = request.messages.flatMap(({ content }) => content.filter(({ type }) => type === 'file'))
  return countPromptTokens(tokenizer, encodePrompt(request), files.length)
}

interface Question {
  readonly request: ChatRequest
  readonly caller: Caller
  readonly prompt: string
  readonly files: readonly LoadedFile[]
  readonly onServed: (accountId: number) => void
}

/** One question to the upstream, over as many accounts as it takes. */
function askUpstream(parts: ChatParts, question: Question): AsyncGenerator<readonly ChatEvent[]> {
  const { request, prompt, files } = question
  const mayGoOn = parts.chatSettings().continuesConversations && files.length === 0
  const known = mayGoOn ? parts.upstream.places.find(prompt) : undefined
  const stream = known
    ? startAnew(openAnswer(parts, question, { known }), () =>
        openAnswer(parts, question, { mayPenalise: false }),
      )
    : openAnswer(parts, question)
  const tools = request.tools ? callableTools(request.tools) : []
  if (!request.tools || tools.length === 0) return stream
  return filterEvents(stream, [new ToolCallParser(tools, request.tools.parallel)])
}

interface AnswerOptions {
  /** Where the conversation goes on: only the last turn is said, at that account. */
  readonly known?: KnownPlace
  readonly mayPenalise?: boolean
}

function openAnswer(
  parts: ChatParts,
  { request, caller, prompt, files, onServed }: Question,
  { known, mayPenalise = true }: AnswerOptions = {},
): AsyncGenerator<readonly ChatEvent[]> {
  const { signal } = caller
  const account = known && { preferAccountId: known.accountId, mustPrefer: true }
  const plan = { model: request.model, ...caller, mayPenalise, ...account }
  return attempt(parts, plan, (leased) => {
    const { lease } = leased
    const { accountId, mode } = lease
    const identity = identify(leased, signal)
    const served = (): void => {
      lease.markServed()
      onServed(accountId)
    }
    const open = (fileIds: readonly string[]) =>
      openPlaced(parts, prompt, {
        ...identity,
        accountId,
        mode,
        prompt: known?.turn ?? prompt,
        fileIds,
        onServed: served,
        ...(known && { continues: known.place }),
      })
    const target = { accountId, ...identity }
    const openWith = (placed: readonly { readonly id: string }[]) => open(placed.map(({ id }) => id))
    const answer = files.length === 0 ? open([]) : withFiles(parts.attachments, { files, target }, openWith)
    // here, where the account is at hand: nobody else may fetch its pictures
    return request.outputFormat ? answer : filterEvents(answer, [presentPictures(parts, caller, identity)])
  })
}

/** Opens a chat; where it can go on is remembered if that is wanted, under the whole prompt. */
function openPlaced(
  { upstream, chatSettings }: ChatParts,
  prompt: string,
  call: ChatCall,
): AsyncGenerator<readonly ChatEvent[]> {
  if (!chatSettings().continuesConversations) return upstream.chat(call)
  const open = (onPlaced: NonNullable<ChatCall['onPlaced']>) => upstream.chat({ ...call, onPlaced })
  return upstream.places.noting(open, { prompt, accountId: call.accountId })
}

function presentPictures(
  { mediaKeeper: keeper, upstream, chatSettings, log }: ChatParts,
  { links, requestId }: Caller,
  identity: MediaIdentity,
): PicturePresenter {
  const settings = chatSettings().pictures
  return new PicturePresenter({
    keeper,
    settings,
    links,
    isPublic: (url) => upstream.isPublicMedia(url),
    identity,
    requestId,
    log,
  })
}

function chooseFilters(parts: ChatParts, request: ChatRequest): EventFilter[] {
  const { reasoningSummary, showSources } = parts.chatSettings()
  const style = reasoningSummary ? 'summary' : 'full'
  const filters: EventFilter[] = [new ReasoningNarrator(request.reasoning ? style : 'hidden')]
  if (request.stop.length > 0) filters.push(new StopSequences(request.stop))
  if (request.maxOutputTokens !== undefined)
    filters.push(new OutputCap(parts.tokenizer, request.maxOutputTokens))
  // after those that read the text: a picture's data is no word of it
  filters.push(new ImageLinks())
  if (request.hostedSearch === true) filters.push(new HostedSearches())
  // a list of sources below would break what was asked for as JSON
  if (showSources && !request.outputFormat) filters.push(new SourcesSection())
  return filters
}
