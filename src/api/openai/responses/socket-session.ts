import { GatewayError, toGatewayError } from '../../../core/error.ts'
import type { MediaLinks } from '../../../core/media.ts'
import { newId } from '../../../util/ids.ts'
import { describeError } from '../../../util/log.ts'
import { startStream } from '../../../util/streams/start-stream.ts'
import { openChatFor } from '../../chat-door.ts'
import type { ClientSocket, SocketSession } from '../../../util/socket.ts'
import { ConnectionArchive } from './connection-archive.ts'
import type { WireEvent } from './event-writer.ts'
import type { ResponsesParts } from './responses-parts.ts'
import { encodeSocketError, inLane, parseSocketMessage, type SocketRequest } from './socket-message.ts'
import { openTurn, playTurn, playWarmUp } from './turn.ts'

/** Requests of one connection that wait or run; more are refused. */
const MAX_REQUESTS = 16

/** After this a connection takes no more requests, as officially: the client opens a new one. */
const MAX_AGE_MS = 60 * 60 * 1000

/** WebSocket close code for an end as planned. */
const NORMAL = 1000

/**
 * One connection of the Responses API's WebSocket mode: requests as messages, answers as the events of a stream, each a
 * message. Requests of one lane are answered in order, lanes side by side. What is under way ends with the connection.
 */
export class ResponsesSession implements SocketSession {
  readonly #parts: ResponsesParts
  readonly #owner: string
  readonly #links: MediaLinks
  readonly #archive: ConnectionArchive
  readonly #leaving = new AbortController()
  readonly #openedAt: number
  /** The last request of each lane. */
  readonly #lanes = new Map<string, Promise<void>>()
  #requests = 0
  #socket: ClientSocket | undefined

  constructor(parts: ResponsesParts, owner: string, links: MediaLinks) {
    this.#archive = new ConnectionArchive(parts.responses)
    this.#parts = { ...parts, responses: this.#archive, unstored: this.#archive.unstored }
    this.#owner = owner
    this.#links = links
    this.#openedAt = parts.clock()
  }

  open(socket: ClientSocket): void {
    this.#socket = socket
  }

  message(text: string): void {
    if (this.#parts.clock() - this.#openedAt > MAX_AGE_MS) return this.#endOfLife()
    try {
      this.#enqueue(parseSocketMessage(text))
    } catch (thrown) {
      this.#tell(encodeSocketError(thrown))
    }
  }

  close(): void {
    this.#leaving.abort()
  }

  #enqueue(request: SocketRequest): void {
    if (this.#requests >= MAX_REQUESTS) {
      throw new GatewayError('no_account', `More than ${MAX_REQUESTS} requests wait on this connection.`)
    }
    this.#requests++
    const lane = request.lane ?? ''
    const before = this.#lanes.get(lane) ?? Promise.resolve()
    const run = before.then(() => this.#run(request))
    this.#lanes.set(lane, run)
    void run.finally(() => {
      this.#requests--
      if (this.#lanes.get(lane) === run) this.#lanes.delete(lane)
    })
  }

  /** Answers a request; whatever happens is told to the client, or to the log. */
  async #run(request: SocketRequest): Promise<void> {
    const { body, lane } = request
    const requestId = newId('req_')
    try {
      if (this.#leaving.signal.aborted) return
      for await (const batch of this.#events(request, requestId)) {
        if (batch.some(({ type }) => type === 'response.failed')) this.#evict(body.previous_response_id)
        for (const { json } of batch) await this.#send(inLane(json, lane))
      }
    } catch (thrown) {
      this.#evict(body.previous_response_id)
      const { code } = toGatewayError(thrown)
      this.#parts.log.info('a request over a socket was refused', {
        requestId,
        code,
        error: describeError(thrown),
      })
      this.#tell(inLane(encodeSocketError(thrown), lane))
    }
  }

  async *#events({ body, generate }: SocketRequest, requestId: string): AsyncGenerator<readonly WireEvent[]> {
    const parts = this.#parts
    const turn = await openTurn(parts, body, {
      owner: this.#owner,
      requestId,
      openChat: (chat) =>
        openChatFor(parts, { requestId, signal: this.#leaving.signal, links: this.#links }, chat),
    })
    if (generate) {
      // the first event of the answer comes first here too: what fails before it is an error, not a failed response
      const answer = await startStream(turn.answer)
      yield* playTurn(parts, { ...turn, answer })
    } else yield* playWarmUp(parts, turn)
  }

  #evict(id: string | null | undefined): void {
    if (id) this.#archive.evict(id)
  }

  async #send(text: string): Promise<void> {
    await this.#socket?.send(text)
  }

  /** Sends without waiting for room. */
  #tell(text: string): void {
    void this.#send(text)
  }

  #endOfLife(): void {
    const message = 'This connection is an hour old and takes no more requests; open a new one.'
    const error = {
      type: 'invalid_request_error',
      code: 'websocket_connection_limit_reached',
      message,
      param: null,
    }
    this.#tell(JSON.stringify({ type: 'error', status: 400, error }))
    this.#socket?.close(NORMAL, 'connection limit reached')
  }
}
