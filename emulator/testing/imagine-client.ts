import { isObject, type JsonObject } from '../answers/frame.ts'

/** A client of the Imagine socket for tests. */
export interface ImagineClient {
  /** Sends reset and request, as clients do. */
  ask(text: string, properties?: JsonObject): void
  send(message: unknown): void
  /** The next frame; null when the socket is closed. */
  next(): Promise<JsonObject | null>
  /** Frames until one passes, that one included, or until the socket is closed. */
  until(isLast: (frame: JsonObject) => boolean): Promise<readonly JsonObject[]>
  /** The frames of a round of so many slots. */
  round(slots: number): Promise<readonly JsonObject[]>
  readonly closed: Promise<number>
  close(): void
}

/** Opens the socket; rejects when the handshake is refused. */
export async function openImagine(url: string, token = 'demo-super-token'): Promise<ImagineClient> {
  const address = `${url.replace('http', 'ws')}/ws/imagine/listen`
  const socket = new WebSocket(address, { headers: { Cookie: `sso=${token}; sso-rw=${token}` } })
  const frames: JsonObject[] = []
  let wake = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    const frame: unknown = JSON.parse(String(data))
    if (isObject(frame)) frames.push(frame)
    wake()
  })
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => {
      wake()
      resolve(code)
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the handshake was refused')))
  })
  const send = (message: unknown): void => socket.send(JSON.stringify(message))
  const next = async (): Promise<JsonObject | null> => {
    while (frames.length === 0 && socket.readyState !== WebSocket.CLOSED)
      await new Promise<void>((resolve) => (wake = resolve))
    return frames.shift() ?? null
  }
  const until: ImagineClient['until'] = async (isLast) => {
    const seen: JsonObject[] = []
    for (let frame = await next(); frame !== null; frame = await next()) {
      seen.push(frame)
      if (isLast(frame)) break
    }
    return seen
  }
  return {
    ask: (text, properties) => {
      send(itemOf({ type: 'reset' }))
      send(itemOf({ type: 'input_text', requestId: crypto.randomUUID(), text, properties: properties ?? {} }))
    },
    send,
    next,
    until,
    round: (slots) => {
      let left = slots
      return until((frame) => frame['current_status'] === 'completed' && (left -= 1) === 0)
    },
    closed,
    close: () => socket.close(),
  }
}

/** A client message around one content entry. */
export function itemOf(content: JsonObject): JsonObject {
  const item = { type: 'message', content: [content] }
  return { type: 'conversation.item.create', timestamp: Date.now(), item }
}
