import { GatewayError } from '../core/error.ts'
import { IdleGuard } from '../util/idle-guard.ts'
import type { NoteDrift } from './drift.ts'
import {
  classifyHttpFailure,
  classifyPage,
  connectionFailure,
  driftFailure,
  MAX_FAILURE_BODY_LENGTH,
} from './failure.ts'
import { restHeaders } from './headers.ts'
import type { UpstreamSettings } from './upstream-settings.ts'
import { statsigId } from './statsig.ts'
import type { HttpAnswer, RequestTimer, Transport } from './transport.ts'

/** Whose call it is, and which way it goes. */
export interface CallerIdentity {
  readonly credential: string
  readonly proxyUrl?: string
  readonly signal: AbortSignal
}

/** One small call: it is answered whole, within its time. */
export interface RestCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** From the root of the host, with its query. */
  readonly path: string
  /** The host, where it is not the main one. */
  readonly origin?: string
  readonly refererPath?: string
  readonly body?: string | Uint8Array
  /** Added to, or put in the place of, the usual ones; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly timeoutSeconds: number
  /** False where the edge's cookies must not go: on another host. */
  readonly withEdgeCookies?: boolean
}

/** A whole answer. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  /** Told when the answer is not of the shape that its call expects. */
  readonly noteDrift?: NoteDrift
}

export interface RestCallerOptions {
  readonly transport: Transport
  readonly settings: () => UpstreamSettings
  readonly random: () => number
  /** The upstream answered something. */
  readonly onAnswer: () => void
  /** Told of what the upstream sends and nothing here knows. */
  readonly noteDrift?: NoteDrift
}

/** Makes small calls for accounts; an answer outside 2xx, or a page, is thrown as what it means. */
export type RestCaller = (call: RestCall, identity: CallerIdentity) => Promise<RestAnswer>

/** The largest body of a small call that is read. */
const MAX_ANSWER_SIZE_BYTES = 4 * 1024 * 1024

/** A caller over a transport. */
export function createRestCaller(options: RestCallerOptions): RestCaller {
  return async (call, identity) => {
    const timeout = new AbortController()
    const timer = new IdleGuard(call.timeoutSeconds * 1000, () => timeout.abort())
    try {
      const signal = AbortSignal.any([identity.signal, timeout.signal])
      const answer = await send(options, call, { ...identity, signal, timer })
      options.onAnswer()
      const { status, headers } = answer
      const isSuccess = status >= 200 && status < 300
      if (isSuccess && !isPage(answer)) return answer
      const body = new TextDecoder().decode(answer.body.subarray(0, MAX_FAILURE_BODY_LENGTH))
      throw isSuccess ? classifyPage(body) : classifyHttpFailure({ status, headers, body })
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown
      if (identity.signal.aborted)
        throw new GatewayError('client_closed', 'The caller left.', { cause: thrown })
      if (timeout.signal.aborted)
        throw new GatewayError('upstream_timeout', 'The upstream did not answer in time.')
      throw connectionFailure(thrown, identity.proxyUrl)
    } finally {
      timer.close()
    }
  }
}

async function send(
  options: RestCallerOptions,
  call: RestCall,
  identity: CallerIdentity & { readonly timer: RequestTimer },
): Promise<RestAnswer> {
  const settings = options.settings()
  const { method, path, body } = call
  const baseUrl = call.origin ?? settings.baseUrl
  const { proxyUrl, signal, timer } = identity
  const response = await options.transport.send({
    method,
    url: baseUrl + path,
    headers: buildHeaders(options, call, identity.credential),
    signal,
    timer,
    limitMs: call.timeoutSeconds * 1000,
    ...(body !== undefined && { body }),
    ...(proxyUrl !== undefined && { proxyUrl }),
  })
  const { status, headers } = response
  const { noteDrift } = options
  return { status, headers, body: await readWhole(response), ...(noteDrift && { noteDrift }) }
}

function buildHeaders(
  { settings, random }: RestCallerOptions,
  call: RestCall,
  credential: string,
): Record<string, string> {
  const { baseUrl, userAgent, edgeCookies, statsig } = settings()
  const statsigValue = statsigId(statsig, random)
  const identity = {
    userAgent,
    edgeCookies: call.withEdgeCookies === false ? '' : edgeCookies,
    ...(statsigValue !== undefined && { statsigId: statsigValue }),
  }
  const usual = restHeaders({
    baseUrl: call.origin ?? baseUrl,
    credential,
    identity,
    refererPath: call.refererPath ?? '/',
  })
  const headers = Object.entries({ ...usual, ...call.headers })
  return Object.fromEntries(headers.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

async function readWhole(response: HttpAnswer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > MAX_ANSWER_SIZE_BYTES)
      throw connectionFailure(`an answer of more than ${MAX_ANSWER_SIZE_BYTES} bytes`)
  }
  return Buffer.concat(chunks)
}

/** A page is nobody's answer to a call, whatever its status says: the edge sends it, or something else in between. */
export function isPage({ headers }: { readonly headers: Headers }): boolean {
  return headers.get('content-type')?.startsWith('text/html') === true
}

/** What an answer of another shape than its call expects means; `what` names the call. */
export function oddAnswer(answer: RestAnswer, what: string): GatewayError {
  answer.noteDrift?.(`answer: ${what}`, readAnswerJson(answer))
  return driftFailure(`the answer to ${what} has an unknown shape`)
}

/** The JSON of an answer; undefined if it is none. */
export function readAnswerJson({ body }: RestAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined // the caller decides what a shapeless answer means
  }
}
