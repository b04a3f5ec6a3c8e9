import type { ChatEvent } from '../../core/chat-event.ts'
import type { GatewayError } from '../../core/error.ts'
import { asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import type { NoteDrift } from '../drift.ts'
import type { UpstreamSocket } from '../socket.ts'
import { ChatDecoder } from './chat-decoder.ts'
import { unknownConfirmation } from './known-events.ts'
import { MessageReader } from './message-reader.ts'
import { encodePong } from './messages.ts'
import type { SessionGate } from './session-gate.ts'

export interface ReadChatOptions {
  readonly assetsUrl: string
  readonly noteDrift: NoteDrift
  /** The longest silence of the upstream while it is waited for. */
  readonly idleMs: number
  readonly gate: SessionGate
  /** Called once, when the session is confirmed: sends the turn. */
  readonly onConfirmed: (sessionId: string) => void
  /** The upstream began to answer the turn. */
  readonly onServed: () => void
  /** The answer is complete. */
  readonly onDone: (sessionId: string, responseId: string | undefined) => void
}

/** Reads one Gen-B answer from a socket on which a session was asked for: one batch of events per burst of messages. */
export async function* readChat(
  socket: UpstreamSocket,
  options: ReadChatOptions,
): AsyncGenerator<readonly ChatEvent[]> {
  const exchange = new Exchange(socket, options)
  let delivered = false
  let leftMs = options.idleMs
  // every turn takes messages, or ends the answer: by its end, by that of the socket, or by silence
  while (!exchange.ended) {
    const waitsFrom = performance.now()
    const read = await socket.read(leftMs)
    leftMs -= performance.now() - waitsFrom
    if (read.type === 'silence') throw exchange.silent()
    const events: ChatEvent[] = []
    try {
      if (read.type === 'closed') throw exchange.interrupted(`the socket was closed with ${read.code}`)
      // what one read of the connection brought is one batch
      let isAlive = exchange.take(read.text, events)
      for (let text = socket.take(); text !== undefined && !exchange.ended; text = socket.take()) {
        isAlive = exchange.take(text, events) || isAlive
      }
      // a server that only says that it is there does not answer, nor one that says what nobody understands
      if (isAlive) leftMs = options.idleMs
      else if (leftMs <= 0) throw exchange.silent()
    } catch (failure) {
      // what came before the failure in the same burst belongs to an answer that has begun; a first burst that fails is
      // thrown whole, so that another account may give the whole answer
      if (delivered && events.length > 0) yield events
      throw failure
    }
    if (events.length === 0) continue
    delivered = true
    yield events
  }
}

/** What was said on a socket so far, and what it means for what comes next. */
class Exchange {
  readonly #socket: UpstreamSocket
  readonly #options: ReadChatOptions
  readonly #messages: MessageReader
  readonly #decoder: ChatDecoder
  #sessionId: string | undefined
  #isServed = false

  constructor(socket: UpstreamSocket, options: ReadChatOptions) {
    this.#socket = socket
    this.#options = options
    const decoder = new ChatDecoder(options.assetsUrl, options.noteDrift)
    this.#decoder = decoder
    this.#messages = new MessageReader((kind, sample) => decoder.noteDrift(kind, sample))
  }

  get ended(): boolean {
    return this.#decoder.ended
  }

  interrupted(how: string): GatewayError {
    return this.#decoder.interrupted(how)
  }

  silent(): GatewayError {
    return this.#decoder.silent()
  }

  /** Takes one message; false if the answer is no nearer by it. */
  take(text: string, events: ChatEvent[]): boolean {
    let isAlive = false
    for (const envelope of this.#messages.read(text)) {
      const event = asObject(envelope['event']) ?? {}
      isAlive = this.#takeEvent(envelope, event, events) || isAlive
      if (this.ended) break
    }
    return isAlive
  }

  #takeEvent(envelope: JsonObject, event: JsonObject, events: ChatEvent[]): boolean {
    if (event['type'] === 'pong') return false
    if (event['type'] === 'ping') {
      this.#socket.send(encodePong(asString(event['event_id']) ?? ''))
      return false
    }
    return this.#sessionId === undefined
      ? this.#confirm(envelope, event)
      : this.#decode(this.#sessionId, event, events)
  }

  /** Before the turn nothing is an answer to it; the idle time is all there is for both confirmations. */
  #confirm(envelope: JsonObject, event: JsonObject): boolean {
    const { gate, onConfirmed } = this.#options
    this.#decoder.decodeFailure(event)
    gate.take(envelope, event)
    this.#sessionId = gate.confirmed
    if (this.#sessionId === undefined) {
      const unknown = unknownConfirmation(event)
      if (unknown !== undefined) this.#decoder.noteDrift(unknown, event)
      return false
    }
    onConfirmed(this.#sessionId)
    return true
  }

  #decode(sessionId: string, event: JsonObject, events: ChatEvent[]): boolean {
    const isKnown = this.#decoder.decode(event, events)
    if (!this.#isServed) this.#options.onServed()
    this.#isServed = true
    if (!this.ended) return isKnown
    this.#decoder.end(events)
    this.#options.onDone(sessionId, this.#decoder.responseId)
    return true
  }
}
