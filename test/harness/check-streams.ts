import { afterEach } from 'bun:test'
import { ChatGrammar } from '../grammar/chat-grammar.ts'
import { MessagesGrammar } from '../grammar/messages-grammar.ts'
import { ResponsesGrammar } from '../grammar/responses-grammar.ts'
import type { StreamGrammar } from '../grammar/stream-grammar.ts'

/*
 * Loaded before every test file (bunfig.toml): whatever stream any test gets from a gateway is held to the grammar of its
 * dialect, and a fault fails the test that was running.
 */

const grammars: Readonly<Record<string, () => StreamGrammar>> = {
  '/v1/chat/completions': () => new ChatGrammar(),
  '/v1/messages': () => new MessagesGrammar(),
  '/v1/responses': () => new ResponsesGrammar(),
}

const faults: string[] = []

const plainFetch = globalThis.fetch

const checkingFetch = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
  const response = await plainFetch(input, init)
  const url = input instanceof Request ? input.url : String(input)
  const createGrammar = grammars[new URL(url).pathname]
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (!createGrammar || !isStream || !response.body) return response
  const body = response.body.pipeThrough(watch(createGrammar(), url))
  return new Response(body, { status: response.status, headers: response.headers })
}
globalThis.fetch = Object.assign(checkingFetch, { preconnect: plainFetch.preconnect })

afterEach(() => {
  const found = faults.splice(0)
  if (found.length > 0) throw new Error(`a stream broke the grammar of its dialect:\n${found.join('\n')}`)
})

/** Lets a stream pass, and notes what is wrong with it. Only one that ends cleanly must be complete. */
function watch(grammar: StreamGrammar, url: string): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  let text = ''
  const note = (found: readonly string[]): void => {
    faults.push(...found.map((fault) => `${url}: ${fault}`))
  }
  return new TransformStream({
    transform: (chunk, controller) => {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) note(acceptBlock(grammar, block))
      controller.enqueue(chunk)
    },
    flush: () => {
      note(text === '' ? grammar.end() : [`half an event at the end: ${text}`])
    },
  })
}

function acceptBlock(grammar: StreamGrammar, block: string): readonly string[] {
  const lines = block.split('\n')
  const field = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  if (lines.every((line) => line.startsWith(':'))) return []
  const name = field('event')
  const data = field('data')
  return data === undefined
    ? [`no data in ${block}`]
    : grammar.accept({ data, ...(name !== undefined && { name }) })
}
