import { runStreams, type StreamTarget } from '../load-client.ts'
import type { BenchmarkResult, Figure } from '../report.ts'
import { makeTokens, openWorkspace, setPacing, startGateway, startUpstream, API_KEY } from '../services.ts'

/** What a coding agent sends late in a session: a long history of calls and their results. */
const PROMPT_SIZE_BYTES = 1024 * 1024
const RESULT_SIZE_BYTES = 8 * 1024
const TOOLS = 30
const ACCOUNTS = 16
const WARM_UP = 60
/** Enough that the kernel's clock ticks of 10 ms do not matter. */
const REQUESTS = 60
const MAX_MAIN_THREAD_MS = 60

/** What a prompt of 1 MB costs the main thread, on which all other streams wait meanwhile. */
export async function measureLargePrompt(): Promise<BenchmarkResult> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(openWorkspace())
  const tokens = makeTokens(ACCOUNTS)
  const upstream = stack.use(await startUpstream(path, tokens))
  const gateway = stack.use(
    await startGateway(path, { upstreamUrl: upstream.url, tokens, side: 'first-core' }),
  )
  await setPacing(upstream.url, { paceMilliseconds: 0, framesPerWrite: 10 })
  const figures: Figure[] = []
  for (const [label, target] of Object.entries(targetsOf(gateway.url))) {
    await run(target, WARM_UP)
    const before = gateway.mainThreadMilliseconds()
    await run(target, REQUESTS)
    const value = (gateway.mainThreadMilliseconds() - before) / REQUESTS
    figures.push({ label, value, unit: 'ms', target: { bound: 'max', value: MAX_MAIN_THREAD_MS } })
  }
  return {
    name: 'large-prompt',
    method: `CPU time of the gateway's main thread per request with a conversation of ${PROMPT_SIZE_BYTES} bytes and ${TOOLS} tools, one at a time, mean of ${REQUESTS}`,
    figures,
    raw: {},
  }
}

async function run(target: StreamTarget, streams: number): Promise<void> {
  const reports = await runStreams(target, { streams, concurrency: 1 })
  const broken = reports.filter(({ isWhole }) => !isWhole).length
  if (broken > 0) throw new Error(`${broken} of ${streams} answers of ${target.path} were not whole`)
}

const question = 'What now? [[tokens:5]]'
const model = 'grok-4.20-0309-non-reasoning'
const schema = {
  type: 'object',
  properties: { path: { type: 'string' }, line: { type: 'integer' } },
  required: ['path'],
}

function targetsOf(url: string): Readonly<Record<string, StreamTarget>> {
  const turns = Math.ceil(PROMPT_SIZE_BYTES / RESULT_SIZE_BYTES)
  const each = <Item>(make: (id: string) => readonly Item[]): Item[] =>
    Array.from({ length: turns }, (_, index) => make(`call_${index}`)).flat()
  const tools = <Tool>(make: (name: string) => Tool): Tool[] =>
    Array.from({ length: TOOLS }, (_, index) => make(`tool_${index}`))
  const input = { path: 'src/main.ts', line: 1 }
  const target = (path: string, endMark: string, body: object): StreamTarget => ({
    url,
    path,
    headers: { authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ model, stream: true, ...body }),
    tokenMark: ' word',
    endMark,
  })
  return {
    'chat completions': target('/v1/chat/completions', 'data: [DONE]', {
      messages: [
        ...each((id) => [
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id, type: 'function', function: { name: 'tool_1', arguments: JSON.stringify(input) } },
            ],
          },
          { role: 'tool', tool_call_id: id, content: sourceText() },
        ]),
        { role: 'user', content: question },
      ],
      tools: tools((name) => ({
        type: 'function',
        function: { name, description: sourceText(500), parameters: schema },
      })),
    }),
    responses: target('/v1/responses', 'response.completed', {
      store: false,
      input: [
        ...each((id) => [
          { type: 'function_call', call_id: id, name: 'tool_1', arguments: JSON.stringify(input) },
          { type: 'function_call_output', call_id: id, output: sourceText() },
        ]),
        { role: 'user', content: question },
      ],
      tools: tools((name) => ({ type: 'function', name, description: sourceText(500), parameters: schema })),
    }),
    messages: target('/v1/messages', 'message_stop', {
      max_tokens: 1000,
      messages: [
        { role: 'user', content: 'Look around.' },
        ...each((id) => [
          { role: 'assistant', content: [{ type: 'tool_use', id, name: 'tool_1', input }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: sourceText() }] },
        ]),
        { role: 'user', content: question },
      ],
      tools: tools((name) => ({ name, description: sourceText(500), input_schema: schema })),
    }),
  }
}

/** Text as it stands in source files: short lines, signs, indents. */
function sourceText(sizeBytes = RESULT_SIZE_BYTES): string {
  const line = '  const value = readValue(items[index], { limit: 10 }) // <why> "quoted"\n'
  return line.repeat(Math.ceil(sizeBytes / line.length)).slice(0, sizeBytes)
}
