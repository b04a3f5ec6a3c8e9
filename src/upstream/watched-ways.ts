import { GatewayError } from '../core/error.ts'
import type { Reason } from '../core/reason.ts'
import { wayOutFault, type WayOutFault } from '../core/way-out-fault.ts'
import { accountOf } from './account-of.ts'
import type { UpstreamClient } from './client.ts'
import type { CallerIdentity } from './rest-call.ts'
import type { OpenSocket } from './socket.ts'
import type { Transport } from './transport.ts'
import { guardStream } from '../util/streams/guard-stream.ts'

/** Learns how the ways to the upstream do; accounts are named by their credential. */
export interface WayOutObserver {
  /** An answer began. */
  answered(way: AnsweredRequest): void
  /** A request failed on its way, or may have. */
  failed(way: FailedRequest): void
}

/** A request that a way out has carried. */
export interface AnsweredRequest {
  readonly proxyUrl: string | undefined
  readonly account: string | undefined
  readonly latencyMs: number
}

/** A request that a way out has not carried. */
export interface FailedRequest {
  readonly proxyUrl: string | undefined
  readonly account: string
  readonly type: WayOutFault
  readonly reason?: Reason | undefined
}

export interface WatchOptions {
  readonly observer: WayOutObserver
  /** The proxy for a download, given the one of its request. */
  readonly proxyForDownload: (proxyUrl: string | undefined, account: string) => string | undefined
}

const FORBIDDEN = 403
const PROXY_AUTHENTICATION = 407
const SERVER_ERROR = 500

/** Tells of every answer; those that may come from a proxy or from the edge prove nothing. */
export function watchTransport(transport: Transport, observer: WayOutObserver): Transport {
  return {
    send: async (request) => {
      const startedAt = performance.now()
      const response = await transport.send(request)
      const { status } = response
      const isProof = status !== FORBIDDEN && status !== PROXY_AUTHENTICATION && status < SERVER_ERROR
      if (isProof) tellAnswer(observer, request, startedAt)
      return response
    },
  }
}

/** Tells of every handshake. */
export function watchSockets(openSocket: OpenSocket, observer: WayOutObserver): OpenSocket {
  return async (request) => {
    const startedAt = performance.now()
    const socket = await openSocket(request)
    tellAnswer(observer, request, startedAt)
    return socket
  }
}

/** Tells of every failure, whatever kind of call it is; downloads take a way of their own. */
export function watchClient(client: UpstreamClient, options: WatchOptions): UpstreamClient {
  const { observer, proxyForDownload } = options
  const tell = (identity: CallerIdentity, thrown: unknown): void => tellFailure(observer, identity, thrown)
  return {
    ...client,
    chat: (call) => watchStream(client.chat(call), (thrown) => tell(call, thrown)),
    pictures: (call) => watchStream(client.pictures(call), (thrown) => tell(call, thrown)),
    editPictures: (call) => watchStream(client.editPictures(call), (thrown) => tell(call, thrown)),
    video: (call) => watchStream(client.video(call), (thrown) => tell(call, thrown)),
    call: (call, identity) => watchAnswer(client.call(call, identity), (thrown) => tell(identity, thrown)),
    findClips: (identity, parentPostId) =>
      watchAnswer(client.findClips(identity, parentPostId), (thrown) => tell(identity, thrown)),
    findSoleClip: (identity, asked) =>
      watchAnswer(client.findSoleClip(identity, asked), (thrown) => tell(identity, thrown)),
    download: (media, identity) => {
      const { proxyUrl: usual, ...rest } = identity
      const proxyUrl = proxyForDownload(usual, identity.credential)
      const routed = { ...rest, ...(proxyUrl !== undefined && { proxyUrl }) }
      return watchStream(client.download(media, routed), (thrown) => tell(routed, thrown))
    },
  }
}

function tellFailure(
  observer: WayOutObserver,
  { proxyUrl, credential }: CallerIdentity,
  thrown: unknown,
): void {
  if (!(thrown instanceof GatewayError)) return
  const type = wayOutFault(thrown)
  if (type) observer.failed({ proxyUrl, account: credential, type, reason: thrown.reason })
}

function tellAnswer(
  observer: WayOutObserver,
  { proxyUrl, headers }: { readonly proxyUrl?: string; readonly headers: Readonly<Record<string, string>> },
  startedAt: number,
): void {
  observer.answered({ proxyUrl, account: accountOf(headers), latencyMs: performance.now() - startedAt })
}

/** The same answer; a failure is told first. */
async function watchAnswer<Value>(
  answer: Promise<Value>,
  onFailure: (thrown: unknown) => void,
): Promise<Value> {
  try {
    return await answer
  } catch (thrown) {
    onFailure(thrown)
    throw thrown
  }
}

/** The same stream; a failure is told first. */
function watchStream<Item>(
  stream: AsyncGenerator<Item>,
  onFailure: (thrown: unknown) => void,
): AsyncGenerator<Item> {
  const explain = (thrown: unknown): unknown => {
    onFailure(thrown)
    return thrown
  }
  return guardStream(stream, { explain })
}
