import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { Mode } from '../../core/model.ts'
import { IdleGuard } from '../../util/idle-guard.ts'
import { JsonObjectsError } from '../../util/json-objects.ts'
import { AnswerTooLongError } from '../answer-text.ts'
import type { UpstreamSettings } from '../upstream-settings.ts'
import {
  classifyHttpFailure,
  connectionFailure,
  MAX_FAILURE_BODY_LENGTH,
  truncatedFailure,
} from '../failure.ts'
import { restHeaders } from '../headers.ts'
import type { RestCallerOptions } from '../rest-call.ts'
import { statsigId } from '../statsig.ts'
import { encodeChatBody } from './chat-body.ts'
import { readChat } from './read-chat.ts'

/** One chat call: who asks (an account), which way, and what. */
export interface ChatCall {
  readonly credential: string
  readonly proxyUrl?: string
  readonly mode: Mode
  readonly prompt: string
  /** Files of the account that go with it. */
  readonly fileIds: readonly string[]
  readonly signal: AbortSignal
  /** The upstream began to answer. */
  readonly onServed: () => void
}

/** After the end of an answer, how long its metadata is waited for. */
const METADATA_GRACE_MS = 2_000

const CHAT_PATH = '/rest/app-chat/conversations/new'

/** Opens a Gen-A chat (spec/upstream-chat.md §3.1); the first pull sends it. */
export async function* openRestChat(
  options: RestCallerOptions,
  call: ChatCall,
): AsyncGenerator<readonly ChatEvent[]> {
  const settings = options.settings()
  const idle = new AbortController()
  const guard = new IdleGuard(settings.chatIdleSeconds * 1000, () => idle.abort())
  try {
    const response = await send(options, settings, {
      ...call,
      signal: AbortSignal.any([call.signal, idle.signal]),
    })
    options.onAnswer()
    if (response.status !== 200 || !response.body) throw await readFailure(response)
    call.onServed()
    yield* readChat(response.body, {
      assetsUrl: settings.assetsUrl,
      onWait: () => guard.touch(),
      onRead: () => guard.pause(),
      onEnded: () => guard.setLimit(METADATA_GRACE_MS),
    })
  } catch (thrown) {
    throw explain(thrown, call.signal, idle.signal)
  } finally {
    guard.close()
  }
}

function send(
  { transport, random }: RestCallerOptions,
  settings: UpstreamSettings,
  call: ChatCall,
): Promise<Response> {
  const statsig = statsigId(settings.statsig, random)
  const { baseUrl, userAgent, edgeCookies, temporary, memory, customInstruction } = settings
  const identity = { userAgent, edgeCookies, ...(statsig !== undefined && { statsigId: statsig }) }
  const { credential, mode, prompt, fileIds, proxyUrl, signal } = call
  return transport.send({
    method: 'POST',
    url: baseUrl + CHAT_PATH,
    headers: restHeaders({ baseUrl, credential, identity, refererPath: '/' }),
    body: encodeChatBody({ prompt, fileIds, mode, temporary, memory, customInstruction }),
    signal,
    ...(proxyUrl !== undefined && { proxyUrl }),
  })
}

async function readFailure({ status, headers, body }: Response): Promise<GatewayError> {
  return classifyHttpFailure({ status, headers, body: body ? await readStart(body) : '' })
}

/** The beginning of a body; the rest is not read. */
async function readStart(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= MAX_FAILURE_BODY_LENGTH) break
  }
  return text.slice(0, MAX_FAILURE_BODY_LENGTH)
}

/** What a thrown value means: whose signal fired, or what failed. */
function explain(thrown: unknown, client: AbortSignal, idle: AbortSignal): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (client.aborted) return new GatewayError('client_closed', 'The client left.', { cause: thrown })
  if (idle.aborted) return new GatewayError('upstream_timeout', 'The upstream stayed silent for too long.')
  const isBroken = thrown instanceof JsonObjectsError || thrown instanceof AnswerTooLongError
  return isBroken ? truncatedFailure(thrown) : connectionFailure(thrown)
}
