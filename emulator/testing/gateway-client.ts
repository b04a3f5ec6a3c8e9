import { isObject, type JsonObject } from '../answers/frame.ts'

/** A turn as tests write it. */
export interface TestGatewayTurn {
  readonly text: string
  readonly fileIds?: readonly string[]
  readonly parentResponseId?: string
}

/** A client of the chat gateway for tests: what is said and heard, without any rule of its own. */
export interface GatewayClient {
  /** Everything that was heard so far, as text. */
  readonly heard: readonly string[]
  send(message: unknown): void
  /** Sends text that may be no JSON. */
  sendRaw(text: string): void
  /** Opens a session and waits for so many messages; gives the session's id. */
  open(options?: JsonObject, messages?: number): Promise<string>
  /** Sends a turn and waits for its end; gives the events. */
  ask(sessionId: string, turn: TestGatewayTurn): Promise<readonly JsonObject[]>
  /** Waits until a message that was not waited for yet passes, or the socket is closed. */
  until(isLast: (event: JsonObject) => boolean): Promise<readonly JsonObject[]>
  readonly closed: Promise<number>
  close(): void
}

const TERMINAL: ReadonlySet<unknown> = new Set(['response.done', 'error', 'response.error', 'session.ended'])

/** Opens the socket as a user; rejects when the handshake is refused. */
export async function openGateway(
  url: string,
  { token, userId }: { readonly token: string; readonly userId: string },
): Promise<GatewayClient> {
  const Cookie = `sso=${token}; sso-rw=${token}; x-userid=${userId}`
  const address = `${url.replace('http', 'ws')}/ws/mgw/?uid=${userId}`
  const socket = new WebSocket(address, { headers: { Cookie } })
  const heard: string[] = []
  let taken = 0
  let wake = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    heard.push(String(data))
    wake()
  })
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => {
      wake()
      resolve(code)
    })
  })
  await opened(socket)
  const send = (message: unknown): void => socket.send(JSON.stringify(message))
  const until: GatewayClient['until'] = async (isLast) => {
    const seen: JsonObject[] = []
    for (;;) {
      const text = heard[taken]
      if (text === undefined && socket.readyState === WebSocket.CLOSED) return seen
      if (text === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else {
        taken += 1
        const event = eventIn(text)
        seen.push(event)
        if (isLast(event)) return seen
      }
    }
  }
  return {
    heard,
    send,
    sendRaw: (text) => socket.send(text),
    open: async (options = {}, messages = 2) => {
      send(sessionMessage(options))
      let left = messages
      await until(() => (left -= 1) === 0)
      const first: unknown = JSON.parse(heard[0] ?? '{}')
      return isObject(first) ? String(first['session_id']) : ''
    },
    ask: (sessionId, turn) => {
      for (const message of turnMessages(sessionId, turn)) send(message)
      return until(({ type }) => TERMINAL.has(type))
    },
    until,
    closed,
    close: () => socket.close(),
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', (event) =>
      reject(new Error('message' in event ? event.message : 'refused')),
    )
  })
}

/** The message that opens a session; options may name a `model`, and more of `x_grok`. */
export function sessionMessage({ model = 'fast', session_id, ...options }: JsonObject = {}): JsonObject {
  const x_grok = {
    protocol_capabilities: ['conversation_attached', 'custom_methods_v1'],
    use_chunk: true,
    is_temporary: true,
    ...options,
  }
  const event = { type: 'session.create', event_id: 'evt_init_1', session: { model, x_grok } }
  return session_id === undefined ? { event } : { session_id, event }
}

/** The two messages of a turn. */
export function turnMessages(session_id: string, turn: TestGatewayTurn): readonly JsonObject[] {
  const { text, fileIds = [], parentResponseId } = turn
  const mentions = fileIds.map((file_id) => ({ mention: { target: { file_mention: { file_id } } } }))
  const files = fileIds.length === 0 ? {} : { file_attachment_ids: fileIds }
  const x_grok = { client_message_id: crypto.randomUUID(), input_chunks: [...mentions, { text: { text } }] }
  const item = { type: 'message', role: 'user', x_grok, ...files }
  const parent = parentResponseId === undefined ? {} : { parent_response_id: parentResponseId }
  return [
    {
      session_id,
      event: { type: 'conversation.item.create', event_id: 'evt_msg_1', item, ...files, ...parent },
    },
    { session_id, event: { type: 'response.create', event_id: 'evt_resp_1' } },
  ]
}

function eventIn(text: string): JsonObject {
  try {
    const message: unknown = JSON.parse(text)
    return isObject(message) && isObject(message['event']) ? message['event'] : {}
  } catch {
    return {}
  }
}
