import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { ChatCall, ConversationPlace } from '../chat-call.ts'
import type { SocketRequest } from '../socket.ts'
import { openGatewayChat, type GatewayChatOptions } from './open-chat.ts'
import { ScriptedSocket, type ServerStep } from './socket-for-tests.ts'

export const USER = '6b2fd7f4-52f1-4d7f-9f0e-3a1f5d0c7a01'
export const SESSION = '2d9a7c10-0f3b-4c44-8e3a-90b1c2d3e4f5'

export const say = (event: object, session_id = SESSION): ServerStep => ({
  type: 'say',
  text: JSON.stringify({ session_id, event }),
})
export const created = say({ type: 'session.created', client_event_id: 'ID' })
export const attached = say({ type: 'conversation.attached', conversation: { id: SESSION } })
export const text = (said: string): ServerStep =>
  say({ type: 'response.chunk', chunk: { text: { text: said } } })
export const done = say({ type: 'response.done', response: { id: 'r-1', status: 'completed' } })
export const turn: ServerStep = { type: 'hear', messages: 3 }
export const opening = [created, attached, turn]

interface Played {
  readonly events: readonly ChatEvent[]
  readonly failure: GatewayError | undefined
  readonly socket: ScriptedSocket
  readonly places: readonly ConversationPlace[]
  readonly served: number
  readonly request: SocketRequest | undefined
}

interface PlayOptions {
  readonly call?: Partial<ChatCall>
  readonly options?: Partial<GatewayChatOptions>
  readonly idleSeconds?: number
  readonly customInstruction?: string
}

/** Plays a script to one chat, and tells all that came of it. */
export async function play(
  steps: readonly ServerStep[],
  { call = {}, options = {}, idleSeconds = 1, customInstruction = '' }: PlayOptions = {},
): Promise<Played> {
  const socket = new ScriptedSocket(steps)
  const places: ConversationPlace[] = []
  let served = 0
  let request: SocketRequest | undefined
  const stream = openGatewayChat(
    {
      openSocket: async (asked) => {
        request = asked
        return socket
      },
      settings: () => ({
        baseUrl: 'https://grok.test',
        assetsUrl: 'https://assets.test',
        chatProtocol: 'gateway',
        userAgent: 'Mozilla/5.0 Test',
        edgeCookies: 'cf_clearance=edge; x-userid=other',
        statsig: { value: '', placeholder: false },
        chatIdleSeconds: idleSeconds,
        temporary: true,
        memory: false,
        customInstruction,
      }),
      clock: () => 1786000000123,
      onAnswer: () => {},
      findUserId: async () => USER,
      ...options,
    },
    {
      accountId: 1,
      credential: 'token',
      mode: 'fast',
      prompt: '[user]: hi',
      fileIds: [],
      signal: new AbortController().signal,
      onServed: () => {
        served++
      },
      onPlaced: (place) => places.push(place),
      ...call,
    },
  )
  const events: ChatEvent[] = []
  let failure: GatewayError | undefined
  try {
    for await (const batch of stream) events.push(...batch)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    failure = error
  }
  return { events, failure, socket, places, served, request }
}

export const textOf = (events: readonly ChatEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
