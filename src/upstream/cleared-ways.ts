import { clientHints } from './client-hints.ts'
import { classifyHttpFailure } from './failure.ts'
import { readStart } from './read-start.ts'
import { HandshakeError, type OpenSocket } from './socket.ts'
import { StubbornCallers } from './stubborn-callers.ts'
import type { HttpAnswer, RequestTimer, Transport, TransportRequest } from './transport.ts'

/** Cookies of the edge, and the browser that they were given to. */
export interface EdgePass {
  /** Names this very pass. */
  readonly id: string
  /** As a header; may be empty. */
  readonly cookies: string
  readonly userAgent: string
}

/** Whose edge is to be passed, on which way. */
export interface PassTarget {
  /** Scheme, host and port, of http or https. */
  readonly origin: string
  readonly proxyUrl?: string | undefined
}

/** Gives requests what the upstream's edge wants to see. Nothing here rejects but for the signal. */
export interface EdgePasses {
  /** False: requests go as they are. */
  isOn(): boolean
  /** The pass for a request; it may have to be fetched. Undefined: the request goes without. */
  acquire(target: PassTarget, signal: AbortSignal): Promise<EdgePass | undefined>
  /** Another one, after the edge has refused this one, or a request without; undefined: there is none. */
  renew(target: PassTarget, refused: EdgePass | undefined, signal: AbortSignal): Promise<EdgePass | undefined>
  /** The edge has let a request through. */
  confirm(target: PassTarget, pass: EdgePass): void
}

/** Statuses that a challenge comes with (spec/upstream-chat.md §8.1). */
const challengeStatuses: ReadonlySet<number> = new Set([403, 503])

/** Sends with a pass; a request that is challenged goes out once more, on the same way, with another pass. */
export function clearTransport(transport: Transport, passes: EdgePasses): Transport {
  const stubborn = new StubbornCallers()
  const send = async (request: TransportRequest): Promise<HttpAnswer> => {
    const carry = (pass: EdgePass | undefined): Promise<HttpAnswer> =>
      transport.send(pass ? { ...request, headers: withPass(request.headers, pass) } : request)
    return withReplay({ passes, stubborn }, request, {
      carry,
      refused: (response) => isChallenged(response),
    })
  }
  return { send: (request) => (passes.isOn() ? send(request) : transport.send(request)) }
}

/** The same for sockets. */
export function clearSockets(openSocket: OpenSocket, passes: EdgePasses): OpenSocket {
  const stubborn = new StubbornCallers()
  return async (request) => {
    if (!passes.isOn()) return openSocket(request)
    const carry = async (pass: EdgePass | undefined) => {
      const headers = pass ? withPass(request.headers, pass) : request.headers
      return openSocket({ ...request, headers }).catch((thrown: unknown) => {
        if (isRefusedHandshake(thrown)) return thrown
        throw thrown
      })
    }
    const outcome = await withReplay({ passes, stubborn }, request, {
      carry,
      refused: async (result) => ({ result, isChallenge: result instanceof HandshakeError }),
    })
    if (outcome instanceof HandshakeError) throw outcome
    return outcome
  }
}

interface Edge {
  readonly passes: EdgePasses
  readonly stubborn: StubbornCallers
}

interface Carried {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly proxyUrl?: string
  readonly signal: AbortSignal
  /** Stands still while a pass is fetched. */
  readonly timer?: RequestTimer
}

interface Looked<Result> {
  readonly result: Result
  readonly isChallenge: boolean
}

interface Replay<Result> {
  readonly carry: (pass: EdgePass | undefined) => Promise<Result>
  readonly refused: (result: Result) => Promise<Looked<Result>>
}

async function withReplay<Result>(
  { passes, stubborn }: Edge,
  { url, headers, proxyUrl, signal, timer }: Carried,
  { carry, refused }: Replay<Result>,
): Promise<Result> {
  const target = { origin: new URL(url.replace(/^ws/, 'http')).origin, proxyUrl }
  const waiting = async <Value>(work: Promise<Value>): Promise<Value> => {
    timer?.pause()
    try {
      return await work
    } finally {
      timer?.touch()
    }
  }
  const caller = { ...target, headers }
  const pass = await waiting(passes.acquire(target, signal))
  const first = await refused(await carry(pass))
  if (!first.isChallenge) {
    if (pass) passes.confirm(target, pass)
    stubborn.remove(caller)
    return first.result
  }
  if (stubborn.has(caller)) return first.result
  const next = await waiting(passes.renew(target, pass, signal))
  if (!next) return first.result
  const second = await refused(await carry(next))
  // that it is challenged once more may be its account's doing: whether the pass is good, another caller finds out
  if (second.isChallenge) stubborn.add(caller)
  else passes.confirm(target, next)
  return second.result
}

/** Looks into answers that may be challenges; the answer can still be read. */
async function isChallenged(response: HttpAnswer): Promise<Looked<HttpAnswer>> {
  const { status, headers, body } = response
  if (!challengeStatuses.has(status)) return { result: response, isChallenge: false }
  const start = await readStart(body)
  const isChallenge = classifyHttpFailure({ status, headers, body: start }).reason === 'challenge'
  return { result: new Response(start, { status, headers }), isChallenge }
}

function isRefusedHandshake(thrown: unknown): thrown is HandshakeError {
  if (!(thrown instanceof HandshakeError) || !thrown.answer) return false
  return classifyHttpFailure(thrown.answer).reason === 'challenge'
}

const HINT_PREFIX = 'sec-ch-ua'
/** Whoever sends this sends hints as well, if its browser has any. */
const FETCH_HEADER = 'sec-fetch-site'

/** User-Agent, hints and cookies of the browser that the pass was given to; their places stay. */
function withPass(
  headers: Readonly<Record<string, string>>,
  { cookies, userAgent }: EdgePass,
): Record<string, string> {
  const names = Object.keys(headers)
  const hints = names.some((name) => name.startsWith(HINT_PREFIX) || name === FETCH_HEADER)
    ? clientHints(userAgent)
    : {}
  const kept = names
    .filter((name) => !name.startsWith(HINT_PREFIX))
    .map((name) => [name, name === 'user-agent' ? userAgent : (headers[name] ?? '')] as const)
  const cookie = [headers['cookie'] ?? '', cookies].filter((part) => part !== '').join('; ')
  return { ...Object.fromEntries(kept), ...hints, ...(cookie !== '' && { cookie }) }
}
