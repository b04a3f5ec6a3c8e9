import type { ChatEvent } from '../core/chat-event.ts'
import type { PictureEvent } from '../core/media.ts'
import { contentUrl, openPictureEdit, type EditCall } from './image/open-edit.ts'
import { openPictureRound, type PictureCall } from './image/open-round.ts'
import { createDownload, type Download } from './download.ts'
import type { NoteDrift } from './drift.ts'
import type { ChatCall } from './chat-call.ts'
import { ConversationPlaces } from './conversation-places.ts'
import { openGatewayChat } from './gateway/open-chat.ts'
import { createUserIdFinder, type UserIds } from './gateway/user-id.ts'
import { openRestChat } from './rest/open-chat.ts'
import { judgeMediaUrl } from './media-hosts.ts'
import { probeEdge, type ProbedEdge, type ProbeOptions } from './probe-edge.ts'
import { createRestCaller, type CallerIdentity, type RestCaller } from './rest-call.ts'
import { openRuntimeSocket, type OpenSocket } from './socket.ts'
import type { Transport } from './transport.ts'
import type { UpstreamSettings } from './upstream-settings.ts'
import { findClips, type FoundClip } from './video/find-clips.ts'
import { findInHistory, type AskedClip } from './video/find-in-history.ts'
import { openVideo, type VideoCall } from './video/open-video.ts'
import type { VideoEvent } from './video/video-decoder.ts'

/** What the gateway asks of the upstream. */
export interface UpstreamClient {
  /** Opens a chat; the first pull sends it. Throws a {@link GatewayError} that says what went wrong. */
  chat(call: ChatCall): AsyncGenerator<readonly ChatEvent[]>
  /** Where conversations can go on. */
  readonly places: ConversationPlaces
  /** One round of pictures from a text; the first pull begins. What came of a round that breaks is told before its failure. */
  pictures(call: PictureCall): AsyncGenerator<readonly PictureEvent[]>
  /** Pictures made from others; the first pull begins. */
  editPictures(call: EditCall): AsyncGenerator<readonly PictureEvent[]>
  /** Whether an edit makes one picture only, whatever is asked. */
  editsSingly(): boolean
  /** Has a clip of a video made; the first pull asks for it. */
  video(call: VideoCall): AsyncGenerator<readonly VideoEvent[]>
  /** The clips that the upstream has under a post; undefined if it does not show the post. */
  findClips(identity: CallerIdentity, parentPostId: string): Promise<readonly FoundClip[] | undefined>
  /** What became of a clip that belongs to no post; undefined if the upstream has never begun it. */
  findSoleClip(identity: CallerIdentity, asked: AskedClip): Promise<FoundClip | undefined>
  /** Where a file that was put up lies, as an absolute address. */
  contentUrl(uri: string | null): string
  /** Makes a small call for an account (`quota`, `session`, `assets`, `account-settings`). */
  readonly call: RestCaller
  /** Fetches something generated, as a stream of its bytes. */
  readonly download: Download
  /** Whether an address is of the upstream's public pictures. */
  isPublicMedia(url: string): boolean
  /** Asks the upstream's first page without an account; throws what stands in the way. */
  probeEdge(options: ProbeOptions): Promise<ProbedEdge>
  /** When the upstream last answered anything (epoch ms); 0: not yet. */
  lastSeenAt(): number
}

export interface UpstreamClientOptions {
  readonly transport: Transport
  /** Instead of the runtime's own sockets. */
  readonly openSocket?: OpenSocket
  /** Who the accounts are at the upstream. */
  readonly userIds: UserIds
  readonly settings: () => UpstreamSettings
  readonly clock: () => number
  readonly random: () => number
  /** Told of what the upstream sends and nothing here knows. */
  readonly noteDrift?: NoteDrift
}

/** The longest wait for the list of an account's posts. */
const CLIP_LIST_SECONDS = 30

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
  const { openSocket = openRuntimeSocket, userIds } = options
  const findUserId = createUserIdFinder({ userIds, call: restCall })
  return {
    chat: (call) =>
      options.settings().chatProtocol === 'rest'
        ? openRestChat(withNote, call)
        : openGatewayChat({ ...withNote, openSocket, findUserId }, call),
    places: new ConversationPlaces(),
    pictures: (call) => openPictureRound({ ...withNote, openSocket }, call),
    editsSingly: () => options.settings().chatProtocol === 'gateway',
    editPictures: (call) => openPictureEdit({ ...withNote, call: restCall }, call),
    video: (call) => openVideo(withNote, call),
    findClips: (identity, parentPostId) => {
      const { assetsUrl } = options.settings()
      return findClips(restCall, identity, { parentPostId, assetsUrl, timeoutSeconds: CLIP_LIST_SECONDS })
    },
    findSoleClip: (identity, asked) => {
      const { assetsUrl } = options.settings()
      return findInHistory(restCall, identity, { asked, assetsUrl, timeoutSeconds: CLIP_LIST_SECONDS })
    },
    contentUrl: (uri) => contentUrl(uri, options.settings().assetsUrl),
    call: restCall,
    download: createDownload(withNote),
    isPublicMedia: (url) => judgeMediaUrl(url, options.settings()) === 'public',
    probeEdge: (probe) => probeEdge(options, probe),
    lastSeenAt: () => seenAt,
  }
}
