import type { ChatEvent } from '../core/chat-event.ts'
import type { PictureEvent } from '../core/media.ts'
import { openPictureEdit, type EditCall } from './image/open-edit.ts'
import { openPictureRound, type PictureCall } from './image/open-round.ts'
import { createDownload, type Download } from './download.ts'
import { openRestChat, type ChatCall } from './rest/open-chat.ts'
import { judgeMediaUrl } from './media-hosts.ts'
import { createRestCaller, type RestCaller } from './rest-call.ts'
import { openRuntimeSocket, type OpenSocket } from './socket.ts'
import type { Transport } from './transport.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

/** What the gateway asks of the upstream. */
export interface UpstreamClient {
  /** Opens a chat; the first pull sends it. Throws a {@link GatewayError} that says what went wrong. */
  chat(call: ChatCall): AsyncGenerator<readonly ChatEvent[]>
  /** One round of pictures from a text; the first pull begins. What came of a round that breaks is told before its failure. */
  pictures(call: PictureCall): AsyncGenerator<readonly PictureEvent[]>
  /** Pictures made from others; the first pull begins. */
  editPictures(call: EditCall): AsyncGenerator<readonly PictureEvent[]>
  /** Makes a small call for an account (`quota`, `session`, `assets`, `account-settings`). */
  readonly call: RestCaller
  /** Fetches something generated, as a stream of its bytes. */
  readonly download: Download
  /** Whether an address is of the upstream's public pictures. */
  isPublicMedia(url: string): boolean
  /** When the upstream last answered anything (epoch ms); 0: not yet. */
  lastSeenAt(): number
}

export interface UpstreamClientOptions {
  readonly transport: Transport
  /** Instead of the runtime's own sockets. */
  readonly openSocket?: OpenSocket
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
  const restCall = createRestCaller(withNote)
  const { openSocket = openRuntimeSocket } = options
  return {
    chat: (call) => openRestChat(withNote, call),
    pictures: (call) => openPictureRound({ ...withNote, openSocket }, call),
    editPictures: (call) => openPictureEdit({ ...withNote, call: restCall }, call),
    call: restCall,
    download: createDownload(withNote),
    isPublicMedia: (url) => judgeMediaUrl(url, options.settings()) === 'public',
    lastSeenAt: () => seenAt,
  }
}
