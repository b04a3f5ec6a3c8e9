import { readChannel } from '../src/upstream/gateway/channels.ts'
import { encodeSession, encodeTurn } from '../src/upstream/gateway/messages.ts'
import { createChunks, joinMessages, serveRelay, streamHeaders, type RelayBody } from './relayed-chunks.ts'

/*
 * The baseline of streams over the gateway socket: the least that Bun needs to have one answer over a socket of its own and
 * to relay it. Like the other baseline it has no accounts, settings, validation, logging, retries or heartbeats. With
 * `browser-socket` as the third argument it opens them with the library that the gateway has its browser's handshakes from.
 */

const [, , upstreamUrl = '', token = '', channel = 'socket'] = process.argv

const cookie = `sso=${token}; sso-rw=${token}`
const answer = await fetch(`${upstreamUrl}/api/auth/session`, { headers: { cookie } })
const known: { readonly session: { readonly userId: string } } = JSON.parse(await answer.text())
const { userId } = known.session
const address = `${upstreamUrl.replace('http', 'ws')}/ws/mgw/?uid=${userId}`
const headers = {
  origin: upstreamUrl,
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/136.0.0.0',
  'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  cookie: `${cookie}; x-userid=${userId}`,
}
const BrowserSocket = channel === 'browser-socket' ? (await import('node-wreq')).WebSocket : undefined
const browserOptions = { browser: 'chrome_136', headers, disableDefaultHeaders: true, proxy: false } as const
const openSocket = () =>
  BrowserSocket ? new BrowserSocket(address, browserOptions) : new WebSocket(address, { headers })

const modeOptions = { mode: 'fast', temporary: true, memory: false, continues: undefined } as const

interface Message {
  readonly session_id?: string
  readonly event: {
    readonly type: string
    readonly chunk?: { readonly text?: { readonly text: string; readonly channel?: string } }
  }
}

async function relay(request: Request): Promise<Response> {
  const body: RelayBody = JSON.parse(await request.text())
  return new Response(relayBody(joinMessages(body), body.model), { headers: streamHeaders() })
}

/** One write for what has come since the last one. */
function relayBody(prompt: string, model: string): ReadableStream<Uint8Array> {
  const chunks = createChunks(model)
  const encoder = new TextEncoder()
  const socket = openSocket()
  let out = chunks.begin()
  let isOver = false
  let wake: (() => void) | undefined
  let confirmations = 0
  const read = ({ session_id, event }: Message): void => {
    const { type, chunk } = event
    if (type === 'session.created' || type === 'conversation.attached') {
      confirmations++
      if (confirmations === 2) sendTurn(session_id ?? '')
    } else if (type === 'response.chunk') {
      const said = chunk?.text
      if (said && readChannel(said.channel) === 'answer') out += chunks.content(said.text)
    } else if (type === 'response.done') {
      out += chunks.stop() + chunks.end()
      isOver = true
    }
  }
  const sendTurn = (sessionId: string): void => {
    const ids = { sessionId, parentResponseId: undefined, messageId: crypto.randomUUID() }
    for (const text of encodeTurn({ ...ids, prompt, fileIds: [], now: Date.now() })) socket.send(text)
  }
  socket.addEventListener('open', () => {
    socket.send(encodeSession({ eventId: `evt_init_${crypto.randomUUID()}`, ...modeOptions }))
  })
  socket.addEventListener('message', (event) => {
    read(JSON.parse(String(Reflect.get(event, 'data'))))
    if (out !== '') wake?.()
  })
  return new ReadableStream({
    pull: async (controller) => {
      if (out === '') await new Promise<void>((resolve) => (wake = resolve))
      wake = undefined
      controller.enqueue(encoder.encode(out))
      out = ''
      if (!isOver) return
      controller.close()
      socket.close()
    },
    cancel: () => socket.close(),
  })
}

serveRelay(relay)
