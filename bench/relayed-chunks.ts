/** What both baselines answer with: the same headers and number of events as the gateway's. */
export const streamHeaders = (): Record<string, string> => ({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-request-id': `req_${crypto.randomUUID()}`,
})

/** Encodes the chunks of one answer, each as an event. */
export function createChunks(model: string) {
  const head = {
    id: `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: null,
  }
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`
  return {
    begin: () => chunk({ role: 'assistant', content: '', refusal: null }, null),
    content: (content: string) => chunk({ content }, null),
    stop: () => chunk({}, 'stop'),
    end: () => 'data: [DONE]\n\n',
  }
}

/** A conversation as the upstream takes it: one text. */
export function joinMessages({ messages }: RelayBody): string {
  return messages.map(({ role, content }) => `[${role}]: ${content}`).join('\n\n')
}

export interface RelayBody {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

/** Serves the baseline until it is told to stop. */
export function serveRelay(relay: (request: Request) => Promise<Response>): void {
  const { port } = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    development: false,
    fetch: relay,
  })
  console.log(`relay listens on http://127.0.0.1:${port}`)
  process.once('SIGTERM', () => process.exit(0))
}
