import type { MiddlewareHandler } from 'hono'
import { isObject } from '../answers/frame.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { FaultAction } from '../state/faults.ts'
import { encodeBytes } from '../wire/encode-writes.ts'
import { openBodyStream } from '../wire/body-stream.ts'
import { planFromBehaviour, planWithFaults } from '../wire/plan.ts'
import { parseCredentials } from './cookies.ts'
import type { Exchange, ProductContext, ProductEnv } from './exchange.ts'

/** Records every request on a product path and finds the faults that hit it. */
export function recordExchange(state: EmulatorState): MiddlewareHandler<ProductEnv> {
  return async (c, next) => {
    const exchange = await openExchange(state, c)
    c.set('exchange', exchange)
    const { record } = exchange
    const leave = (): void => record.end('client-closed')
    c.req.raw.signal.addEventListener('abort', leave)
    await next()
    record.answered(c.res.status)
    if (exchange.isStreaming) return
    c.req.raw.signal.removeEventListener('abort', leave)
    if (c.error !== undefined) record.end('error')
    else if (isDisturbed(exchange)) c.res = await disturbed(c, exchange)
    else record.end(c.req.raw.signal.aborted ? 'client-closed' : 'completed')
  }
}

async function openExchange(state: EmulatorState, c: ProductContext): Promise<Exchange> {
  const { method, path } = c.req
  const { body, form, sizeBytes } = await readBody(c)
  const credentials = parseCredentials(c.req.header('cookie') ?? null)
  state.counters.request()
  const record = state.requests.open({
    method,
    path,
    query: new URL(c.req.url).search,
    token: credentials.sso,
    headers: c.req.raw.headers,
    body,
    bodySizeBytes: sizeBytes,
  })
  const fields = isObject(body) ? body : {}
  const subject = {
    method,
    path,
    token: credentials.sso,
    mode: textOrNull(fields['modeId']) ?? textOrNull(fields['modelName']),
    prompt: textOrNull(fields['message']),
  }
  const isHandshake = c.req.header('upgrade')?.toLowerCase() === 'websocket'
  const actions = state.faults.take(subject, isHandshake ? concernsHandshake : undefined)
  const plan = planWithFaults(planFromBehaviour(state.behaviour), actions)
  return { record, credentials, body, form, actions, plan, isStreaming: false }
}

interface ReadBody {
  readonly body: unknown
  readonly form: FormData | null
  readonly sizeBytes: number
}

async function readBody(c: ProductContext): Promise<ReadBody> {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return { body: undefined, form: null, sizeBytes: 0 }
  if (c.req.header('content-type')?.startsWith('multipart/form-data') === true) return readForm(c)
  const text = await c.req.text()
  return { body: parseJson(text), form: null, sizeBytes: text.length }
}

/** The record tells of each part what it is, not the bytes of files. */
async function readForm(c: ProductContext): Promise<ReadBody> {
  try {
    const form = await c.req.formData()
    const names = [...new Set(form.keys())]
    const multipart = names.flatMap((name) => form.getAll(name).map((value) => partView(name, value)))
    return { body: { multipart }, form, sizeBytes: JSON.stringify(multipart).length }
  } catch {
    return { body: undefined, form: null, sizeBytes: 0 }
  }
}

/** True for faults that hit the handshake of a socket; the others wait for a message. */
export function concernsHandshake({ type }: FaultAction): boolean {
  return type === 'http' || type === 'http-custom' || type === 'reset' || type === 'latency'
}

function partView(name: string, value: File | string): object {
  if (typeof value === 'string') return { name, value }
  return { name, fileName: value.name, contentType: value.type, sizeBytes: value.size }
}

// Stalls, cuts and torn bytes hit answers that are no stream of frames too; the rest of the framing has no meaning there.
function isDisturbed({ plan }: Exchange): boolean {
  return plan.stop !== null || plan.framing.cutBytes !== null || plan.firstFrameDelayMilliseconds > 0
}

async function disturbed(c: ProductContext, { plan, record }: Exchange): Promise<Response> {
  const response = c.res
  const bytes = new Uint8Array(await response.arrayBuffer())
  const stream = openBodyStream(encodeBytes(bytes, plan), {
    paceMilliseconds: 0,
    firstFrameDelayMilliseconds: plan.firstFrameDelayMilliseconds,
    isLines: false,
    signal: c.req.raw.signal,
    onSent: (frames) => record.sent(frames),
    onEnd: (end) => record.end(end),
  })
  return new Response(stream, { status: response.status, headers: response.headers })
}

function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
