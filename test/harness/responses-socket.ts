import { ResponsesGrammar } from '../grammar/responses-grammar.ts'
import { API_KEY } from './gateway.ts'

/** An event as it came over the socket. */
export interface SocketEvent {
  readonly type: string
  readonly response?: { readonly id: string; readonly output: readonly { readonly type: string }[] }
  readonly status?: number
  readonly error?: { readonly code: string; readonly message: string }
  readonly stream_id?: string
  readonly delta?: string
}

/** A connection of the WebSocket mode, held to the grammar of its streams. */
export interface ResponsesSocket {
  /** Sends a client event and waits for everything up to the last event of its answer. */
  ask(event: object): Promise<readonly SocketEvent[]>
  sendRaw(text: string): void
  /** The next so many events, of whatever answers. */
  take(count: number): Promise<readonly SocketEvent[]>
  close(): Promise<void>
}

const terminal = new Set(['response.completed', 'response.failed', 'response.incomplete'])

/** Opens a connection to a gateway. */
export async function openResponsesSocket(url: string): Promise<ResponsesSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/responses`, {
    headers: { authorization: `Bearer ${API_KEY}` },
  })
  const waiting: SocketEvent[] = []
  let wake = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    waiting.push(JSON.parse(String(data)))
    wake()
  })
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  socket.addEventListener('open', () => opened.resolve())
  socket.addEventListener('close', ({ code }) => {
    closed.resolve()
    opened.reject(new Error(`closed with ${code}`))
  })
  await opened.promise
  const next = async (): Promise<SocketEvent> => {
    while (waiting.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
    const event = waiting.shift()
    if (!event) throw new Error('nothing came')
    return event
  }
  return {
    sendRaw: (text) => socket.send(text),
    ask: async (event) => {
      socket.send(JSON.stringify({ type: 'response.create', ...event }))
      const grammar = new ResponsesGrammar()
      const events: SocketEvent[] = []
      for (;;) {
        const one = await next()
        events.push(one)
        if (one.type === 'error' && one.status !== undefined) return events
        const plain = { ...one, stream_id: undefined } // only sockets have lanes
        const faults = grammar.accept({ name: one.type, data: JSON.stringify(plain) })
        if (faults.length > 0)
          throw new Error(`a stream broke the grammar of its dialect: ${faults.join('; ')}`)
        if (terminal.has(one.type)) return events
      }
    },
    take: async (count) => {
      const events: SocketEvent[] = []
      while (events.length < count) events.push(await next())
      return events
    },
    close: async () => {
      socket.close()
      await closed.promise
    },
  }
}
