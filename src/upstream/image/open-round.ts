import { GatewayError } from '../../core/error.ts'
import type { PictureEvent } from '../../core/media.ts'
import type { PictureRatio } from '../../core/image-request.ts'
import { IdleGuard } from '../../util/idle-guard.ts'
import { encodeCookies } from '../cookies.ts'
import { clientHints } from '../client-hints.ts'
import { ignoreDrift, type NoteDrift } from '../drift.ts'
import { connectionFailure, truncatedFailure } from '../failure.ts'
import type { CallerIdentity } from '../rest-call.ts'
import { explainHandshake, type OpenSocket, type SocketRead, type UpstreamSocket } from '../socket.ts'
import type { UpstreamSettings } from '../upstream-settings.ts'
import { RoundDecoder } from './round-decoder.ts'
import { encodeRound } from './round-messages.ts'

/** One round of pictures: who asks, and what. */
export interface PictureCall extends CallerIdentity {
  readonly prompt: string
  readonly count: number
  /** Absent: as the upstream chooses. */
  readonly ratio?: PictureRatio
  readonly pro: boolean
  readonly adultContent: boolean
  /** The longest time for the round, and the longest silence in it. */
  readonly roundSeconds: number
  readonly silenceSeconds: number
  /** The upstream was asked: what it does from here on is spent. */
  readonly onServed: () => void
}

export interface RoundOptions {
  readonly openSocket: OpenSocket
  readonly settings: () => UpstreamSettings
  readonly clock: () => number
  readonly onAnswer: () => void
  readonly noteDrift?: NoteDrift
}

/** How long a handshake may take. */
const HANDSHAKE_SECONDS = 30
/** When all that was begun has ended, how long more is waited for (spec/upstream-media.md §4.6). */
const SETTLE_MS = 2_000
const RATE_LIMIT_CLOSE_CODES: ReadonlySet<number> = new Set([1008, 429])

/**
 * One round over the Imagine socket (spec/upstream-media.md §4); the first pull opens it. It ends when the pictures are
 * there or withheld, or when the server makes no more. If the round breaks, what came of it is told before the failure.
 */
export async function* openPictureRound(
  options: RoundOptions,
  call: PictureCall,
): AsyncGenerator<readonly PictureEvent[]> {
  const requestId = crypto.randomUUID()
  const { assetsUrl } = options.settings()
  const { noteDrift = ignoreDrift } = options
  const decoder = new RoundDecoder({ requestId, needed: call.count, assetsUrl, noteDrift })
  const socket = await connect(options, call)
  const deadline = performance.now() + call.roundSeconds * 1000
  try {
    options.onAnswer()
    const { prompt, count, pro, adultContent } = call
    const question = { requestId, prompt, count, ratio: call.ratio ?? ('auto' as const), pro, adultContent }
    for (const message of encodeRound(question, options.clock())) socket.send(message)
    call.onServed()
    yield* readRound(socket, decoder, { deadline, silenceMs: call.silenceSeconds * 1000 })
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    throw call.signal.aborted ? left(thrown) : connectionFailure(thrown)
  } finally {
    socket.close()
  }
}

interface RoundTimes {
  /** By `performance.now()`. */
  readonly deadline: number
  readonly silenceMs: number
}

async function* readRound(
  socket: UpstreamSocket,
  decoder: RoundDecoder,
  { deadline, silenceMs }: RoundTimes,
): AsyncGenerator<readonly PictureEvent[]> {
  // every turn takes a message, or ends the round by the deadline at the latest
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now())
    const read = await socket.read(Math.min(leftMs, decoder.isSettled ? SETTLE_MS : silenceMs))
    const events: PictureEvent[] = []
    let failure = read.type === 'message' ? decode(decoder, read.text, events) : explainEnd(decoder, read)
    if (leftMs === 0 && !decoder.isOver) failure ??= tooSlow()
    const isOver = decoder.isOver || failure !== undefined || read.type !== 'message'
    if (isOver) decoder.end(events)
    if (events.length > 0) yield events
    if (failure) throw failure
    if (isOver) return
  }
}

function decode(decoder: RoundDecoder, text: string, events: PictureEvent[]): GatewayError | undefined {
  try {
    decoder.decode(text, events)
    return undefined
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
}

/** What the end of the messages means; undefined: the server just makes no more. */
function explainEnd(
  decoder: RoundDecoder,
  read: Exclude<SocketRead, { type: 'message' }>,
): GatewayError | undefined {
  if (decoder.isSettled) return undefined
  if (read.type === 'silence') return tooSlow()
  return RATE_LIMIT_CLOSE_CODES.has(read.code)
    ? new GatewayError('rate_limited', 'The upstream limits the account that was used.', {
        cause: `the socket was closed with ${read.code}`,
      })
    : truncatedFailure(`the image socket was closed with ${read.code} in the middle of a round`)
}

function tooSlow(): GatewayError {
  return new GatewayError('upstream_timeout', 'The upstream did not finish the pictures in time.')
}

async function connect(options: RoundOptions, call: PictureCall): Promise<UpstreamSocket> {
  const { baseUrl, userAgent, edgeCookies } = options.settings()
  const seconds = Math.min(HANDSHAKE_SECONDS, call.roundSeconds)
  const opening = new AbortController()
  const timer = new IdleGuard(seconds * 1000, () => opening.abort())
  try {
    return await options.openSocket({
      url: socketUrl(baseUrl),
      headers: {
        origin: baseUrl,
        'user-agent': userAgent,
        cookie: encodeCookies(call.credential, edgeCookies),
        'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
        'cache-control': 'no-cache',
        pragma: 'no-cache',
        ...clientHints(userAgent),
      },
      signal: AbortSignal.any([call.signal, opening.signal]),
      timer,
      ...(call.proxyUrl !== undefined && { proxyUrl: call.proxyUrl }),
    })
  } catch (thrown) {
    if (call.signal.aborted) throw left(thrown)
    if (opening.signal.aborted) throw tooSlow()
    throw explainHandshake(thrown)
  } finally {
    timer.close()
  }
}

function socketUrl(baseUrl: string): string {
  return `${baseUrl.replace(/^http/, 'ws')}/ws/imagine/listen`
}

function left(cause: unknown): GatewayError {
  return new GatewayError('client_closed', 'The client left.', { cause })
}
