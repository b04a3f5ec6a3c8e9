import { encodeChatBody } from '../src/upstream/rest/chat-body.ts'
import { restHeaders } from '../src/upstream/headers.ts'

/*
 * The baseline of the stream benchmarks: the least that Bun needs to relay a stream. It has no accounts, settings,
 * validation, logging, retries or heartbeats. Requests and frames are of the gateway's size: the body's template and the
 * headers are made once by the gateway's own code.
 */

const [, , upstreamUrl = '', token = ''] = process.argv

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

interface Body {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

async function relay(request: Request): Promise<Response> {
  const body: Body = JSON.parse(await request.text())
  const message = body.messages.map(({ role, content }) => `[${role}]: ${content}`).join('\n\n')
  const upstream = await fetch(`${upstreamUrl}/rest/app-chat/conversations/new`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...template, message }),
  })
  if (!upstream.body) throw new Error('the upstream sent no body')
  return new Response(relayBody(upstream.body, body.model), {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': `req_${crypto.randomUUID()}`,
    },
  })
}

/** One write for each read of the upstream. */
function relayBody(upstream: ReadableStream<Uint8Array>, model: string): ReadableStream<Uint8Array> {
  const reader = upstream.getReader()
  const id = `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`
  const head = {
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: null,
  }
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`
  const encodeLine = (line: string): string => {
    const frame: Frame = JSON.parse(line)
    const response = frame.result?.response
    if (response?.isSoftStop) return chunk({}, 'stop')
    return response?.token && !response.isThinking ? chunk({ content: response.token }, null) : ''
  }
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  let out = chunk({ role: 'assistant', content: '', refusal: null }, null)
  return new ReadableStream({
    pull: async (controller) => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) {
          controller.enqueue(encoder.encode(`${out}data: [DONE]\n\n`))
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

const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, development: false, fetch: relay })
console.log(`relay listens on http://127.0.0.1:${server.port}`)
process.once('SIGTERM', () => process.exit(0))
