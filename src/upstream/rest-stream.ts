import { GatewayError } from '../core/error.ts'
import { IdleGuard } from '../util/idle-guard.ts'
import { JsonObjectsError } from '../util/json-objects.ts'
import { openGuarded } from '../util/streams/guard-stream.ts'
import { lateStream } from '../util/streams/late-stream.ts'
import { AnswerTooLongError } from './answer-text.ts'
import { ignoreDrift, type NoteDrift } from './drift.ts'
import { classifyHttpFailure, classifyPage, connectionFailure, truncatedFailure } from './failure.ts'
import { restHeaders } from './headers.ts'
import { isPage, type CallerIdentity, type RestCallerOptions } from './rest-call.ts'
import { readStart } from './read-start.ts'
import { statsigId } from './statsig.ts'
import type { AnswerBody, HttpAnswer, RequestTimer } from './transport.ts'

/** A call whose answer is a stream of JSON objects (spec/upstream-media.md §2.6). */
export interface RestStreamCall extends CallerIdentity {
  readonly body: string
  readonly refererPath: string
  /** Silence after which the call is given up. */
  readonly idleSeconds: number
  /** The upstream began to answer. */
  readonly onServed: () => void
}

/** How a reader says what it is doing, so that only the upstream's silence counts, not its own reader's. */
export interface StreamWaiting {
  readonly onWait: () => void
  readonly onRead: () => void
  /** From now on only this much silence is borne. */
  readonly setLimit: (limitMs: number) => void
  /** Told of frames that are not known. */
  readonly noteDrift: NoteDrift
}

export type ReadStream<Item> = (body: AnswerBody, waiting: StreamWaiting) => AsyncGenerator<readonly Item[]>

const PATH = '/rest/app-chat/conversations/new'

/** Opens a conversation's stream (E2); the first pull sends it. Whatever goes wrong is thrown as what it means. */
export function openRestStream<Item>(
  options: RestCallerOptions,
  call: RestStreamCall,
  read: ReadStream<Item>,
): AsyncGenerator<readonly Item[]> {
  return lateStream(() => {
    const idle = new AbortController()
    const guard = new IdleGuard(call.idleSeconds * 1000, () => idle.abort())
    let { proxyUrl } = call
    const open = async () => {
      const signal = AbortSignal.any([call.signal, idle.signal])
      const response = await send(options, { ...call, signal, timer: guard })
      options.onAnswer()
      proxyUrl = undefined // something has come through it
      const body = await takeBody(response)
      call.onServed()
      return read(body, {
        onWait: () => guard.touch(),
        onRead: () => guard.pause(),
        setLimit: (limitMs) => guard.setLimit(limitMs),
        noteDrift: options.noteDrift ?? ignoreDrift,
      })
    }
    return openGuarded(open, {
      explain: (thrown) => explain(thrown, { client: call.signal, idle: idle.signal, proxyUrl }),
      release: () => guard.close(),
    })
  })
}

function send(
  { transport, random, settings }: RestCallerOptions,
  call: RestStreamCall & { readonly timer: RequestTimer },
): Promise<HttpAnswer> {
  const { baseUrl, userAgent, edgeCookies, statsig } = settings()
  const statsigValue = statsigId(statsig, random)
  const identity = { userAgent, edgeCookies, ...(statsigValue !== undefined && { statsigId: statsigValue }) }
  const { credential, body, refererPath, proxyUrl, signal, timer } = call
  return transport.send({
    method: 'POST',
    url: baseUrl + PATH,
    headers: restHeaders({ baseUrl, credential, identity, refererPath }),
    body,
    signal,
    timer,
    ...(proxyUrl !== undefined && { proxyUrl }),
  })
}

/** The body of an answer that is a stream; throws what another answer means. */
async function takeBody(response: HttpAnswer): Promise<AnswerBody> {
  const { status, headers, body } = response
  if (status !== 200 || !body) throw classifyHttpFailure({ status, headers, body: await readStart(body) })
  if (isPage(response)) throw classifyPage(await readStart(body))
  return body
}

interface Circumstances {
  readonly client: AbortSignal
  readonly idle: AbortSignal
  /** The proxy, as long as nothing had come through it. */
  readonly proxyUrl: string | undefined
}

/** What a thrown value means: whose signal fired, or what failed. */
function explain(thrown: unknown, { client, idle, proxyUrl }: Circumstances): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (client.aborted) return new GatewayError('client_closed', 'The client left.', { cause: thrown })
  if (idle.aborted) return new GatewayError('upstream_timeout', 'The upstream stayed silent for too long.')
  const isBroken = thrown instanceof JsonObjectsError || thrown instanceof AnswerTooLongError
  return isBroken ? truncatedFailure(thrown) : connectionFailure(thrown, proxyUrl)
}
