import type { ChatEvent } from '../core/chat-event.ts'
import { GatewayError } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import { IdleGuard } from '../util/idle-guard.ts'
import { AnswerTooLongError } from './answer-text.ts'
import {
  classifyHttpFailure,
  connectionFailure,
  MAX_FAILURE_BODY_LENGTH,
  truncatedFailure,
} from './failure.ts'
import { restHeaders } from './headers.ts'
import { encodeChatBody } from './rest/chat-body.ts'
import { readChat } from './rest/read-chat.ts'
import { statsigId, type StatsigSettings } from './statsig.ts'
import type { Transport } from './transport.ts'
import { JsonObjectsError } from '../util/json-objects.ts'

/** The settings that shape every call; read anew for each. */
export interface UpstreamSettings {
  readonly baseUrl: string
  readonly assetsUrl: string
  readonly userAgent: string
  readonly edgeCookies: string
  readonly statsig: StatsigSettings
  /** Seconds without a byte after which a chat call is given up. */
  readonly chatIdleSeconds: number
  readonly temporary: boolean
  readonly memory: boolean
  readonly customInstruction: string
}

/** One chat call: who asks (an account), which way, and what. */
export interface ChatCall {
  readonly credential: string
  readonly proxyUrl?: string
  readonly mode: Mode
  readonly prompt: string
  readonly signal: AbortSignal
  /** The upstream began to answer. */
  readonly onServed: () => void
}

/** What the gateway asks of the upstream. */
export interface UpstreamClient {
  /** Opens a chat; the first pull sends it. Throws a {@link GatewayError} that says what went wrong. */
  chat(call: ChatCall): AsyncGenerator<readonly ChatEvent[]>
  /** When the upstream last answered anything (epoch ms); 0: not yet. */
  lastSeenAt(): number
}

export interface UpstreamClientOptions {
  readonly transport: Transport
  readonly settings: () => UpstreamSettings
  readonly clock: () => number
  readonly random: () => number
}

/** After the end of an answer, how long its metadata is waited for. */
const METADATA_GRACE_MS = 2_000

const CHAT_PATH = '/rest/app-chat/conversations/new'

/** A client over a transport. */
export function createUpstreamClient({
  transport,
  settings,
  clock,
  random,
}: UpstreamClientOptions): UpstreamClient {
  let seenAt = 0

  const send = async (call: ChatCall, current: UpstreamSettings, signal: AbortSignal): Promise<Response> => {
    const statsig = statsigId(current.statsig, random)
    const { baseUrl, userAgent, edgeCookies, temporary, memory, customInstruction } = current
    const identity = { userAgent, edgeCookies, ...(statsig !== undefined && { statsigId: statsig }) }
    const { credential, mode, prompt, proxyUrl } = call
    const response = await transport.send({
      method: 'POST',
      url: baseUrl + CHAT_PATH,
      headers: restHeaders({ baseUrl, credential, identity, refererPath: '/' }),
      body: encodeChatBody({ prompt, mode, temporary, memory, customInstruction }),
      signal,
      ...(proxyUrl !== undefined && { proxyUrl }),
    })
    seenAt = clock()
    return response
  }

  async function* chat(call: ChatCall): AsyncGenerator<readonly ChatEvent[]> {
    const current = settings()
    const idle = new AbortController()
    const guard = new IdleGuard(current.chatIdleSeconds * 1000, () => idle.abort())
    try {
      const response = await send(call, current, AbortSignal.any([call.signal, idle.signal]))
      if (response.status !== 200 || !response.body) throw await readFailure(response)
      call.onServed()
      yield* readChat(response.body, {
        assetsUrl: current.assetsUrl,
        onRead: () => guard.touch(),
        onEnded: () => guard.setLimit(METADATA_GRACE_MS),
      })
    } catch (thrown) {
      throw explain(thrown, call.signal, idle.signal)
    } finally {
      guard.close()
    }
  }
  return { chat, lastSeenAt: () => seenAt }
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
