import { Hono } from 'hono'
import { requireAccount } from '../rest/auth.ts'
import type { ProductContext, ProductEnv, SocketPeer, SocketSession } from '../rest/exchange.ts'
import { serviceError } from '../rest/http-errors.ts'
import { refuseTier } from '../rest/media-account.ts'
import { concernsHandshake } from '../rest/record.ts'
import { parseScenarioWords, secondsArgument, withoutScenarioWords } from '../answers/scenario-words.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { OpenRecord } from '../state/request-log.ts'
import { planFromBehaviour, planWithFaults } from '../wire/plan.ts'
import { actionsFromWords } from '../wire/scenario-plan.ts'
import { disturbRound, errorOf, refusalOf } from './disturb-round.ts'
import { parseImagineMessage, type ImagineRequest } from './request.ts'
import { roundFrames } from './round.ts'
import { sendRound } from './send-round.ts'

const PATH = '/ws/imagine/listen'

/** The Imagine socket (E1), spec/upstream-media.md §4. */
export function imagineRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().get(PATH, requireAccount(state), (c) => {
    const account = c.get('account')
    const refusal = refuseTier(state, account)
    if (refusal !== null) return refusal
    const { record } = c.get('exchange')
    const session = createSession(state, account, { record, origin: originOf(c) })
    if (!c.env.upgrade(session)) return serviceError(400, 3, 'A WebSocket handshake is expected')
    c.get('exchange').isStreaming = true
    // Bun has answered already; what is returned here is not sent.
    return new Response(null, { status: 101 })
  })
}

function originOf(c: ProductContext): string {
  return new URL(c.req.url).origin
}

interface Connection {
  readonly record: OpenRecord
  readonly origin: string
}

function createSession(state: EmulatorState, account: Account, connection: Connection): SocketSession {
  const closing = new AbortController()
  return {
    message: (peer, text) => {
      const body = parseJson(text)
      const message = parseImagineMessage(body)
      const record = openRecord(state, account, body, text.length)
      record.answered(message.type === 'invalid' ? 400 : 200)
      if (message.type === 'request') {
        const noted = noting(peer, connection.record)
        const { signal } = closing
        playRound(state, account, { ...connection, request: message, record, peer: noted, signal })
        return
      }
      if (message.type === 'invalid') peer.send(JSON.stringify(errorOf('invalid_request', message.message)))
      record.end('completed')
    },
    closed: () => {
      closing.abort()
      connection.record.end('client-closed')
    },
  }
}

// The record of the handshake tells who ended the connection.
function noting(peer: SocketPeer, record: OpenRecord): SocketPeer {
  return {
    send: (text) => peer.send(text),
    close: (code, reason) => {
      record.end('completed')
      peer.close(code, reason)
    },
    terminate: () => {
      record.end('reset')
      peer.terminate()
    },
  }
}

interface RoundCall extends Connection {
  readonly request: ImagineRequest
  readonly peer: SocketPeer
  readonly signal: AbortSignal
}

function playRound(state: EmulatorState, account: Account, call: RoundCall): void {
  const { request, origin, record, peer, signal } = call
  const words = parseScenarioWords(request.text)
  const subject = { path: PATH, method: 'WS', token: account.token, mode: null, prompt: request.text }
  const faults = state.faults.take(
    subject,
    (action) => !concernsHandshake(action) || action.type === 'latency',
  )
  const actions = [...faults, ...actionsFromWords(words)]
  const plan = planWithFaults(planFromBehaviour(state.behaviour), actions)
  const seconds = secondsArgument(words, state.behaviour.imageSeconds)
  const closeStream = state.counters.openStream(account.token)
  const sending = {
    peer,
    plan,
    seconds,
    requestId: request.requestId,
    record,
    signal,
  }
  const refusal = refusalOf(actions, plan) ?? quotaRefusal(state, account)
  const prompt = withoutScenarioWords(request.text)
  const frames =
    refusal === null
      ? roundFrames({ state, account, request, seconds, prompt, faults: plan.media, origin })
      : []
  sendRound(disturbRound(frames, plan, refusal), sending)
    .catch(() => record.end('error'))
    .finally(closeStream)
}

function quotaRefusal(state: EmulatorState, account: Account): object | null {
  if (state.mediaQuotas.spend(account, 'imagePro')) return null
  return errorOf('rate_limit_exceeded', 'Image rate limit exceeded')
}

function openRecord(
  state: EmulatorState,
  account: Account,
  body: unknown,
  bodySizeBytes: number,
): OpenRecord {
  state.counters.request()
  const { token } = account
  return state.requests.open({
    method: 'WS',
    path: PATH,
    query: '',
    token,
    headers: new Headers(),
    body,
    bodySizeBytes,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
