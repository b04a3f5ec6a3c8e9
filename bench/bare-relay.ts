import { encodeChatBody } from '../src/upstream/rest/chat-body.ts'
import { restHeaders } from '../src/upstream/headers.ts'
import { createChunks, joinMessages, serveRelay, streamHeaders, type RelayBody } from './relayed-chunks.ts'

/*
 * The baseline of the stream benchmarks: the least that Bun needs to relay a stream. It has no accounts, settings,
 * validation, logging, retries or heartbeats. Requests and frames are of the gateway's size: the body's template and the
 * headers are made once by the gateway's own code. With `browser` as the third argument it calls through the library that
 * the gateway has its browser's handshakes from.
 */

const [, , upstreamUrl = '', token = '', transport = 'runtime'] = process.argv

const template: Readonly<Record<string, unknown>> = JSON.parse(
  encodeChatBody({
    prompt: '',
    fileIds: [],
    mode: 'fast',
    temporary: true,
    memory: false,
    customInstruction: '',
  }),
)
const headers = restHeaders({
  baseUrl: upstreamUrl,
  credential: token,
  identity: {
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/136.0.0.0',
    edgeCookies: '',
    statsigId: 'e'.repeat(120),
  },
  refererPath: '/',
})

interface Frame {
  readonly result?: {
    readonly response?: {
      readonly token?: string
      readonly isThinking?: boolean
      readonly isSoftStop?: boolean
    }
  }
}

interface Call {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
}

type Send = (url: string, call: Call) => Promise<{ readonly body: ReadableStream<Uint8Array> | null }>

const send: Send = transport === 'browser' ? await browserClient() : fetch

async function browserClient(): Promise<Send> {
  const { Impit } = await import('impit')
  const client = new Impit({ browser: 'chrome136', followRedirects: false })
  return (url, call) => client.fetch(url, call)
}

async function relay(request: Request): Promise<Response> {
  const body: RelayBody = JSON.parse(await request.text())
  const upstream = await send(`${upstreamUrl}/rest/app-chat/conversations/new`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...template, message: joinMessages(body) }),
  })
  if (!upstream.body) throw new Error('the upstream sent no body')
  return new Response(relayBody(upstream.body, body.model), { headers: streamHeaders() })
}

/** One write for each read of the upstream. */
function relayBody(upstream: ReadableStream<Uint8Array>, model: string): ReadableStream<Uint8Array> {
  const reader = upstream.getReader()
  const chunks = createChunks(model)
  const encodeLine = (line: string): string => {
    const frame: Frame = JSON.parse(line)
    const response = frame.result?.response
    if (response?.isSoftStop) return chunks.stop()
    return response?.token && !response.isThinking ? chunks.content(response.token) : ''
  }
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  let out = chunks.begin()
  return new ReadableStream({
    pull: async (controller) => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) {
          controller.enqueue(encoder.encode(out + chunks.end()))
          return controller.close()
        }
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) out += encodeLine(line)
        if (out === '') continue
        controller.enqueue(encoder.encode(out))
        out = ''
        return
      }
    },
    cancel: () => reader.cancel(),
  })
}

serveRelay(relay)
