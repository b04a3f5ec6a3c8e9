import type { ChatEvent } from '../../../core/chat-event.ts'
import type { ChatRequest } from '../../../core/chat-request.ts'
import { toGatewayError, type GatewayError } from '../../../core/error.ts'
import { AnswerMeter, estimateUsage } from '../../../core/usage.ts'
import { describeError } from '../../../util/log.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { findNamedModel, type ClientChat } from '../../chat-door.ts'
import { parseMediaWishes } from '../../media-wishes.ts'
import type { ResponsesCaller } from './caller.ts'
import type { WireEvent } from './event-writer.ts'
import { completeItems } from './input-items.ts'
import { newResponseId } from './item-ids.ts'
import { parseConversation, type Conversation } from './parse-conversation.ts'
import { refuseSearchBound } from './parse-create.ts'
import { echoRequest } from './request-echo.ts'
import { encodeDocument } from './response-document.ts'
import { ResponseEncoder } from './response-encoder.ts'
import type { ResponseHead, ResponseObject } from './response-object.ts'
import type { ResponsesParts } from './responses-parts.ts'
import type { CreateBody } from './schema-body.ts'
import { ToolNames } from './tool-names.ts'
import { openTruncated } from './truncate.ts'

/** Characters of input up to which an answer is kept; a longer one says `store: false`. */
const MAX_KEPT_INPUT_CHARS = 8 * 1024 * 1024

type Batches = AsyncGenerator<readonly ChatEvent[]>

/** One question and its answer, ready to run: over HTTP, streamed or folded, or over a socket. */
export interface ResponseTurn {
  readonly caller: ResponsesCaller
  readonly encoder: ResponseEncoder
  readonly clientChat: ClientChat
  readonly answer: Batches
  /** The items that are answered, as they are kept. */
  readonly input: readonly JsonObject[]
}

/** Prepares the answer to a parsed body; throws what keeps it from being asked at all. */
export async function openTurn(
  parts: ResponsesParts,
  body: CreateBody,
  caller: ResponsesCaller,
): Promise<ResponseTurn> {
  const defaults = parts.chatDefaults()
  const model = findNamedModel(body.model, defaults.aliases)
  const media = parseMediaWishes(model, body, 'item')
  const conversation = await parseConversation(body, { archive: parts.responses, owner: caller.owner })
  refuseSearchBound(body, conversation)
  const cap = body.max_output_tokens ?? body.max_tokens
  const request: ChatRequest = {
    ...chatRequestOf(conversation, model),
    reasoning: showsThinking(body) ?? defaults.reasoning,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
    ...(cap && { maxOutputTokens: cap }),
    ...media,
  }
  const open = (asked: ChatRequest) =>
    caller.openChat({ request: asked, preferAccountId: conversation.history.accountId })
  const clientChat = body.truncation === 'auto' ? await openTruncated(request, open) : await open(request)
  const { head, input } = beginResponse(parts, body, conversation.input)
  const encoder = new ResponseEncoder({
    head,
    names: conversation.names,
    withSources: body.include?.includes('web_search_call.action.sources') ?? false,
    sealReasoning: body.include?.includes('reasoning.encrypted_content') ?? false,
  })
  const answer = clientChat.chat.open()
  return { caller, encoder, clientChat, answer, input }
}

/** The chat request of a conversation, without thinking and without a cap. */
export function chatRequestOf(
  { messages, tools, outputFormat, hostedSearch }: Conversation,
  model: ChatRequest['model'],
): ChatRequest {
  return {
    model,
    messages,
    reasoning: false,
    stop: [],
    ...(tools && { tools }),
    ...(outputFormat && { outputFormat }),
    ...(hostedSearch && { hostedSearch }),
  }
}

/** Runs a turn as events, a batch of them per batch of the answer. It ends with the response's last event and never throws. */
export async function* playTurn(
  parts: ResponsesParts,
  turn: ResponseTurn,
): AsyncGenerator<readonly WireEvent[]> {
  const { encoder, answer } = turn
  const meter = new AnswerMeter()
  let waiting = encoder.start()
  try {
    for await (const batch of answer) {
      meter.add(batch)
      const events = [...waiting, ...encoder.encode(batch)]
      waiting = []
      if (events.length > 0) yield events
    }
    const { events } = await endTurn(parts, turn, meter)
    yield [...waiting, ...events]
  } catch (thrown) {
    yield [...waiting, ...(await failTurn(parts, turn, toGatewayError(thrown)))]
  }
}

/** Ends a turn before anything is asked: its conversation is kept, so that a later turn goes on from it. */
export async function* playWarmUp(
  parts: ResponsesParts,
  turn: ResponseTurn,
): AsyncGenerator<readonly WireEvent[]> {
  const usage = { promptTokens: 0, completionTokens: 0, reasoningTokens: 0 }
  const started = turn.encoder.start()
  const { events, response } = turn.encoder.endEmpty(usage, parts.clock())
  await keep(parts, turn, response)
  yield [...started, ...events]
}

/** Runs a turn to its end and gives the whole response; throws what the answer throws. */
export async function foldTurn(parts: ResponsesParts, turn: ResponseTurn): Promise<ResponseObject> {
  const meter = new AnswerMeter()
  turn.encoder.mute()
  for await (const batch of turn.answer) {
    meter.add(batch)
    turn.encoder.encode(batch)
  }
  const { response } = await endTurn(parts, turn, meter)
  return response
}

/** The events of a response that failed before anything of it was there; it is not kept. */
export function encodeFailedStart(
  parts: ResponsesParts,
  body: CreateBody,
  failure: GatewayError,
): readonly WireEvent[] {
  const { head } = beginResponse(parts, { ...body, store: false }, [])
  const encoder = new ResponseEncoder({
    head,
    names: new ToolNames(),
    withSources: false,
    sealReasoning: false,
  })
  return [...encoder.start(), ...encoder.fail(failure).events]
}

async function endTurn(parts: ResponsesParts, turn: ResponseTurn, meter: AnswerMeter) {
  const { chat } = turn.clientChat
  const usage = await estimateUsage(parts.tokenizer, chat.countPromptTokens(), meter.texts)
  const end = turn.encoder.end(usage, parts.clock())
  // before its last event is sent: a client may go on from it at once
  await keep(parts, turn, end.response)
  return end
}

async function failTurn(
  parts: ResponsesParts,
  turn: ResponseTurn,
  failure: GatewayError,
): Promise<readonly WireEvent[]> {
  turn.clientChat.leave()
  const { requestId } = turn.caller
  parts.log.info('a response failed', { requestId, code: failure.code, error: describeError(failure) })
  const { events, response } = turn.encoder.fail(failure)
  if (failure.code !== 'client_closed') await keep(parts, turn, response)
  return events
}

/** Keeps an answer. A store that fails does not spoil what the client has already read. */
async function keep(parts: ResponsesParts, turn: ResponseTurn, response: ResponseObject): Promise<void> {
  const shelf = response.store ? parts.responses : parts.unstored
  if (!shelf) return
  const { caller, clientChat, input } = turn
  try {
    await shelf.keep({
      id: response.id,
      owner: caller.owner,
      previousId: response.previous_response_id,
      accountId: clientChat.chat.servedBy() ?? null,
      document: encodeDocument({ response, input }),
    })
  } catch (error) {
    const fields = { requestId: caller.requestId, responseId: response.id, error: describeError(error) }
    parts.log.error('a response could not be kept', fields)
  }
}

/** Whether the caller wants to see the thinking; undefined if it does not say. */
function showsThinking({ reasoning }: CreateBody): boolean | undefined {
  if (reasoning?.effort === 'none' || reasoning?.summary === 'none') return false
  return reasoning?.effort ? true : undefined
}

function beginResponse(
  parts: ResponsesParts,
  body: CreateBody,
  items: readonly JsonObject[],
): { readonly head: ResponseHead; readonly input: readonly JsonObject[] } {
  const id = newResponseId()
  const input = completeItems(items, id)
  const isWanted = body.store ?? true
  const store = isWanted && JSON.stringify(input).length <= MAX_KEPT_INPUT_CHARS
  const createdAt = Math.floor(parts.clock() / 1000)
  return { head: { id, createdAt, model: body.model, echo: echoRequest(body, store) }, input }
}
