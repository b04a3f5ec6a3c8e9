import { findFiles, createTurn } from '../rest/chat-turn.ts'
import type { SocketPeer, SocketSession } from '../rest/exchange.ts'
import { concernsHandshake } from '../rest/record.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { FaultAction } from '../state/faults.ts'
import { isMode, type Mode } from '../state/modes.ts'
import type { OpenRecord } from '../state/request-log.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import { answerTurn } from './answer.ts'
import { parseGatewayMessage, type ItemRequest, type SessionRequest } from './request.ts'
import { sendAnswer } from './send-answer.ts'

/** The path of the gateway socket, spec/upstream-chat.md §3.2.1. */
export const GATEWAY_PATH = '/ws/mgw/'

const POLICY_VIOLATION = 1008
const INVALID_ARGUMENT = 3
const NOT_FOUND = 5
const FAILED_PRECONDITION = 9

/** What is known of the connection from its handshake. */
export interface GatewayConnection {
  readonly record: OpenRecord
  readonly plan: DeliveryPlan
}

interface OpenSession {
  readonly id: string
  readonly mode: Mode
  readonly request: SessionRequest
}

/**
 * One connection of the gateway: a session, its two confirmations, then turns, each an item and the wish for a response
 * (spec/upstream-chat.md §3.2). Whatever comes out of order is refused with an error event, and the socket is closed.
 */
export class GatewaySession implements SocketSession {
  readonly #state: EmulatorState
  readonly #account: Account
  readonly #connection: GatewayConnection
  readonly #closing = new AbortController()
  /** A stream of the account lasts from the handshake until its answer is over, and again for each later turn. */
  #closeStream: (() => void) | undefined
  #session: OpenSession | null = null
  #item: ItemRequest | null = null

  constructor(state: EmulatorState, account: Account, connection: GatewayConnection) {
    this.#state = state
    this.#account = account
    this.#connection = connection
    this.#closeStream = state.counters.openStream(account.token)
  }

  message(peer: SocketPeer, text: string): void {
    const body = parseJson(text)
    const message = parseGatewayMessage(body)
    const record = this.#openRecord(body, text.length)
    record.answered(message.type === 'invalid' ? 400 : 200)
    if (message.type === 'response') return this.#respond(peer, message, record)
    record.end('completed')
    switch (message.type) {
      case 'invalid':
        return body === undefined
          ? this.#close(peer, POLICY_VIOLATION)
          : this.#refuse(peer, INVALID_ARGUMENT, message.message)
      case 'ping':
        return peer.send(JSON.stringify({ event: { type: 'pong', client_event_id: message.eventId } }))
      case 'pong':
        return
      case 'session':
        return this.#open(peer, message)
      case 'item':
        return this.#take(peer, message)
    }
  }

  closed(): void {
    this.#closing.abort()
    this.#endStream()
    this.#connection.record.end('client-closed')
  }

  #endStream(): void {
    this.#closeStream?.()
    this.#closeStream = undefined
  }

  #open(peer: SocketPeer, request: SessionRequest): void {
    if (this.#session !== null) return this.#refuse(peer, FAILED_PRECONDITION, 'The session exists already')
    const { mode, conversationId } = request
    if (!isMode(mode)) return this.#refuse(peer, INVALID_ARGUMENT, `Unknown mode: ${mode}`)
    if (this.#state.quotas.view(this.#account, mode) === undefined) {
      return this.#refuse(peer, INVALID_ARGUMENT, `Mode ${mode} is not available for this account`)
    }
    if (conversationId !== null && !this.#owns(conversationId)) {
      return this.#refuse(peer, NOT_FOUND, 'Conversation not found')
    }
    this.#session = { id: conversationId ?? this.#state.ids.next(), mode, request }
    for (const event of this.#confirmations(this.#session)) {
      peer.send(JSON.stringify({ session_id: this.#session.id, event }))
    }
  }

  #confirmations({ id, mode, request }: OpenSession): readonly object[] {
    const effects = this.#takeFaults(mode, null, isConfirmationFault).map((action) => action.effect)
    const { eventId, announcesConversation } = request
    const has = (effect: string): boolean => effects.some((each) => each === effect)
    const foreign = { type: 'session.created', event_id: 'e0', client_event_id: 'evt_init_other' }
    const created = { type: 'session.created', event_id: 'e1', client_event_id: eventId }
    const conversation = { id: has('mismatched-id') ? this.#state.ids.next() : id }
    const attached = { type: 'conversation.attached', event_id: 'e2', conversation }
    const both = has('attached-first') ? [attached, created] : [created, attached]
    const known = announcesConversation ? both : [created]
    return has('foreign-created') ? [foreign, ...known] : known
  }

  #take(peer: SocketPeer, item: ItemRequest): void {
    const session = this.#session
    if (session === null || session.id !== item.sessionId) {
      return this.#refuse(peer, FAILED_PRECONDITION, 'There is no such session')
    }
    const files = findFiles(this.#state, this.#account, item.fileIds)
    if (this.#state.behaviour.strictFiles && files.length < item.fileIds.length) {
      return this.#refuse(peer, NOT_FOUND, 'Attached file not found')
    }
    const known = this.#state.conversations.find(session.id)?.lastResponseId
    const isStale = item.parentResponseId !== null && item.parentResponseId !== known
    if (isStale) return this.#refuse(peer, NOT_FOUND, 'Parent response not found')
    this.#item = item
  }

  #respond(
    peer: SocketPeer,
    message: { readonly sessionId: string; readonly eventId: string },
    record: OpenRecord,
  ): void {
    const [session, item] = [this.#session, this.#item]
    if (session === null || item === null || session.id !== message.sessionId) {
      record.end('completed')
      return this.#refuse(peer, FAILED_PRECONDITION, 'There is no item to respond to')
    }
    this.#item = null
    const turn = this.#createTurn(session, item)
    const faults = this.#takeFaults(session.mode, turn.message, isTurnFault)
    const { plan } = this.#connection
    const { usesChunks } = session.request
    const asked = { turn, requestEventId: message.eventId, usesChunks, plan, faults }
    const answer = answerTurn(this.#state, this.#account, asked)
    this.#state.conversations.put(session.id, {
      conversationId: session.id,
      userId: this.#account.userId,
      createdAt: turn.iso(),
      lastResponseId: turn.responseId,
    })
    const records = [this.#connection.record, record]
    this.#closeStream ??= this.#state.counters.openStream(this.#account.token)
    sendAnswer(answer, { peer, records, signal: this.#closing.signal })
      .catch(() => record.end('error'))
      .finally(() => this.#endStream())
  }

  #createTurn({ id, mode, request }: OpenSession, { text, fileIds }: ItemRequest) {
    const turn = createTurn(this.#state, this.#account, {
      message: text,
      modeId: mode,
      conversationId: id,
      temporary: request.temporary,
      disableTextFollowUps: !request.followUps,
      imageGenerationCount: request.imageCount,
      fileAttachments: fileIds,
      files: findFiles(this.#state, this.#account, fileIds),
    })
    return { ...turn, opensConversation: request.conversationId === null }
  }

  #owns(conversationId: string): boolean {
    return this.#state.conversations.find(conversationId)?.userId === this.#account.userId
  }

  #takeFaults<Taken extends FaultAction>(
    mode: Mode,
    prompt: string | null,
    concerns: (action: FaultAction) => action is Taken,
  ): readonly Taken[] {
    const subject = { path: GATEWAY_PATH, method: 'WS', token: this.#account.token, mode, prompt }
    return this.#state.faults.take(subject, concerns).filter(concerns)
  }

  #openRecord(body: unknown, bodySizeBytes: number): OpenRecord {
    this.#state.counters.request()
    const { token } = this.#account
    const facts = { method: 'WS', path: GATEWAY_PATH, query: '', token, headers: new Headers() }
    return this.#state.requests.open({ ...facts, body, bodySizeBytes })
  }

  #refuse(peer: SocketPeer, code: number, message: string): void {
    peer.send(JSON.stringify({ event: { type: 'error', error: { code, message } } }))
    this.#close(peer, POLICY_VIOLATION)
  }

  #close(peer: SocketPeer, code: number): void {
    this.#connection.record.end('completed')
    peer.close(code)
  }
}

type GatewayFault = Extract<FaultAction, { type: 'gateway' }>

function isConfirmationFault(action: FaultAction): action is GatewayFault {
  if (action.type !== 'gateway') return false
  return ['attached-first', 'foreign-created', 'mismatched-id'].includes(action.effect)
}

// Faults of the handshake have been counted there.
function isTurnFault(action: FaultAction): action is FaultAction {
  return !concernsHandshake(action) && !isConfirmationFault(action)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
