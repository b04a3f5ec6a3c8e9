import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import { JsonObjectsError } from '../../util/json-objects.ts'
import { openGuarded } from '../../util/streams/guard-stream.ts'
import { lateStream } from '../../util/streams/late-stream.ts'
import { AnswerTooLongError } from '../answer-text.ts'
import type { ChatCall } from '../chat-call.ts'
import { IdleGuard } from '../../util/idle-guard.ts'
import { encodeCookies } from '../cookies.ts'
import { ignoreDrift, type NoteDrift } from '../drift.ts'
import { connectionFailure, truncatedFailure } from '../failure.ts'
import { explainHandshake, type OpenSocket, type UpstreamSocket } from '../socket.ts'
import type { UpstreamSettings } from '../upstream-settings.ts'
import { encodePing, encodeSession, encodeTurn } from './messages.ts'
import { readChat } from './read-chat.ts'
import { SessionGate } from './session-gate.ts'
import type { FindUserId } from './user-id.ts'

export interface GatewayChatOptions {
  readonly openSocket: OpenSocket
  readonly settings: () => UpstreamSettings
  readonly clock: () => number
  /** The upstream answered something. */
  readonly onAnswer: () => void
  readonly findUserId: FindUserId
  readonly noteDrift?: NoteDrift
  /** Pause between two signs of life; absent: the usual one. */
  readonly heartbeatMs?: number
}

const HANDSHAKE_SECONDS = 20
const HEARTBEAT_MS = 25_000

/**
 * Opens a Gen-B chat (spec/upstream-chat.md §3.2); the first pull sends it. One socket carries one answer; leaving early
 * closes it.
 */
export function openGatewayChat(
  options: GatewayChatOptions,
  call: ChatCall,
): AsyncGenerator<readonly ChatEvent[]> {
  return lateStream(async () => {
    const userId = await options.findUserId(call)
    const socket = await connect(options, call, userId)
    const ping = (): void => socket.send(encodePing(options.clock()))
    const heart = setInterval(ping, options.heartbeatMs ?? HEARTBEAT_MS)
    const open = async () => {
      options.onAnswer()
      return converse(options, call, socket)
    }
    return openGuarded(open, {
      explain: (thrown) => explain(thrown, call),
      release: () => {
        clearInterval(heart)
        socket.close()
      },
    })
  })
}

function converse(
  options: GatewayChatOptions,
  call: ChatCall,
  socket: UpstreamSocket,
): AsyncGenerator<readonly ChatEvent[]> {
  const { assetsUrl, chatIdleSeconds, temporary, memory, customInstruction } = options.settings()
  const { mode, fileIds, continues, onServed, onPlaced } = call
  const eventId = `evt_init_${crypto.randomUUID()}`
  const prompt = withInstruction(call.prompt, continues ? '' : customInstruction)
  socket.send(encodeSession({ eventId, mode, temporary, memory, continues }))
  const sendTurn = (sessionId: string): void => {
    const ids = { sessionId, parentResponseId: continues?.responseId, messageId: crypto.randomUUID() }
    for (const message of encodeTurn({ ...ids, prompt, fileIds, now: options.clock() })) socket.send(message)
  }
  return readChat(socket, {
    assetsUrl,
    noteDrift: options.noteDrift ?? ignoreDrift,
    idleMs: chatIdleSeconds * 1000,
    gate: new SessionGate(eventId, continues?.conversationId),
    onConfirmed: sendTurn,
    onServed,
    onDone: (conversationId, responseId) => {
      if (responseId !== undefined) onPlaced?.({ conversationId, responseId })
    },
  })
}

/** The protocol has no field for the operator's instruction (spec/upstream-chat.md §3.2.3): it goes before the prompt. */
function withInstruction(prompt: string, customInstruction: string): string {
  const instruction = customInstruction.trim()
  return instruction === '' ? prompt : `[system]: ${instruction}\n\n${prompt}`
}

async function connect(options: GatewayChatOptions, call: ChatCall, userId: string): Promise<UpstreamSocket> {
  const { baseUrl, userAgent, edgeCookies, chatIdleSeconds } = options.settings()
  const { credential, proxyUrl, signal } = call
  const opening = new AbortController()
  const seconds = Math.min(HANDSHAKE_SECONDS, chatIdleSeconds)
  const timer = new IdleGuard(seconds * 1000, () => opening.abort())
  try {
    return await options.openSocket({
      url: `${baseUrl.replace(/^http/, 'ws')}/ws/mgw/?uid=${userId}`,
      headers: {
        origin: baseUrl,
        'user-agent': userAgent,
        'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
        'cache-control': 'no-cache',
        pragma: 'no-cache',
        cookie: `${encodeCookies(credential, edgeCookies)}; x-userid=${userId}`,
      },
      // only until it is open: after that the reader watches the time
      signal: AbortSignal.any([signal, opening.signal]),
      timer,
      ...(proxyUrl !== undefined && { proxyUrl }),
    })
  } catch (thrown) {
    if (signal.aborted) throw left(thrown)
    if (opening.signal.aborted) throw new GatewayError('upstream_timeout', 'The upstream opened no socket.')
    throw explainHandshake(thrown)
  } finally {
    timer.close()
  }
}

/** What a thrown value means: the client left, or what failed. */
function explain(thrown: unknown, { signal }: ChatCall): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (signal.aborted) return left(thrown)
  const isBroken = thrown instanceof JsonObjectsError || thrown instanceof AnswerTooLongError
  return isBroken ? truncatedFailure(thrown) : connectionFailure(thrown)
}

function left(cause: unknown): GatewayError {
  return new GatewayError('client_closed', 'The client left.', { cause })
}
