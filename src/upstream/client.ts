import type { ChatEvent } from '../core/chat-event.ts'
import { openRestChat, type ChatCall } from './rest/open-chat.ts'
import { createRestCaller, type RestCaller } from './rest-call.ts'
import type { Transport } from './transport.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

/** What the gateway asks of the upstream. */
export interface UpstreamClient {
  /** Opens a chat; the first pull sends it. Throws a {@link GatewayError} that says what went wrong. */
  chat(call: ChatCall): AsyncGenerator<readonly ChatEvent[]>
  /** Makes a small call for an account (`quota`, `session`, `assets`, `account-settings`). */
  readonly call: RestCaller
  /** When the upstream last answered anything (epoch ms); 0: not yet. */
  lastSeenAt(): number
}

export interface UpstreamClientOptions {
  readonly transport: Transport
  readonly settings: () => UpstreamSettings
  readonly clock: () => number
  readonly random: () => number
}

/** A client over a transport. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  let seenAt = 0
  const withNote = {
    ...options,
    onAnswer: () => {
      seenAt = options.clock()
    },
  }
  return {
    chat: (call) => openRestChat(withNote, call),
    call: createRestCaller(withNote),
    lastSeenAt: () => seenAt,
  }
}
