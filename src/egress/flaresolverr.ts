import { z } from 'zod'
import { isEdgeCookie } from '../core/edge-cookie.ts'
import { describeError } from '../util/log.ts'

/** What the operator's FlareSolverr is asked for. */
export interface SolveWish {
  /** Its address, with or without `/v1`. */
  readonly solverUrl: string
  /** Whose edge is to let requests through: scheme, host and port. */
  readonly origin: string
  /** The way out that the clearance is for; absent: directly. */
  readonly proxyUrl?: string | undefined
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

/** What it brought: the cookies of the edge, and the browser that they were given to. */
export interface Solved {
  /** As a header; may be empty, where the edge asked for nothing. */
  readonly cookies: string
  readonly userAgent: string
  /** Epoch ms; undefined where the cookies do not tell. */
  readonly expiresAt: number | undefined
}

/** FlareSolverr brought nothing; the message holds no password. */
export class SolverError extends Error {
  override readonly name = 'SolverError'
}

/** How much longer than the solver's own limit its answer is waited for. */
export const SOLVER_GRACE_SECONDS = 15
const MAX_ANSWER_SIZE_BYTES = 2 * 1024 * 1024
const MAX_MESSAGE_LENGTH = 300
const MAX_USER_AGENT_LENGTH = 512
const MAX_VERSION_LENGTH = 50
const PRINTABLE = /^[\x20-\x7e]+$/
const CLEARANCE = 'cf_clearance'

const cookieSchema = z.object({
  name: z.string(),
  value: z.string(),
  domain: z.string().optional(),
  /** Epoch seconds; the second spelling is that of its first version. */
  expiry: z.number().optional(),
  expires: z.number().optional(),
})
type Cookie = z.infer<typeof cookieSchema>

const answerSchema = z.object({
  status: z.string(),
  message: z.string().optional(),
  solution: z
    .object({ userAgent: z.string(), cookies: z.array(cookieSchema).nullish() })
    .nullish()
    .catch(null),
})

/** Has a page of the upstream opened by FlareSolverr (spec/upstream-media.md §16.4); rejects with a {@link SolverError}. */
export async function askFlareSolverr(wish: SolveWish): Promise<Solved> {
  const limit = AbortSignal.timeout((wish.timeoutSeconds + SOLVER_GRACE_SECONDS) * 1000)
  try {
    const response = await fetch(endpointOf(wish.solverUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(encodeWish(wish)),
      redirect: 'error',
      signal: AbortSignal.any([wish.signal, limit]),
    })
    return parseAnswer(response.status, await readBounded(response), wish.origin)
  } catch (thrown) {
    const reason = limit.aborted ? 'it did not answer in time' : describeError(thrown)
    const message = thrown instanceof SolverError ? thrown.message : reason
    throw new SolverError(withoutSecrets(message, wish.proxyUrl))
  }
}

/** What FlareSolverr says of itself at its first page. */
const greetingSchema = z.object({
  msg: z.string(),
  version: z.string().max(MAX_VERSION_LENGTH).regex(PRINTABLE),
})

/** The version of the FlareSolverr at this address, without having anything solved; rejects with a {@link SolverError}. */
export async function greetFlareSolverr({
  solverUrl,
  timeoutSeconds,
  signal,
}: Pick<SolveWish, 'solverUrl' | 'timeoutSeconds' | 'signal'>): Promise<string> {
  const limit = AbortSignal.timeout(timeoutSeconds * 1000)
  try {
    const response = await fetch(endpointOf(solverUrl).replace(/v1$/, ''), {
      redirect: 'error',
      signal: AbortSignal.any([signal, limit]),
    })
    const greeting = greetingSchema.safeParse(parseJson(await readBounded(response))).data
    if (!greeting?.msg.includes('FlareSolverr'))
      throw new SolverError(`HTTP ${response.status} and no answer of FlareSolverr's`)
    return greeting.version
  } catch (thrown) {
    if (thrown instanceof SolverError) throw thrown
    throw new SolverError(limit.aborted ? 'it did not answer in time' : describeError(thrown))
  }
}

function encodeWish({ origin, proxyUrl, timeoutSeconds }: SolveWish): object {
  return {
    cmd: 'request.get',
    url: origin,
    maxTimeout: timeoutSeconds * 1000,
    ...(proxyUrl !== undefined && { proxy: encodeProxy(proxyUrl) }),
  }
}

/** The ports that may be left out of an address. */
const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443, socks4: 1080, socks5: 1080 }

/**
 * Its browser knows neither `socks5h` nor `socks4a`, and takes a password only from fields of its own, for which it wants
 * the port in the address.
 */
function encodeProxy(proxyUrl: string): object {
  const { protocol, hostname, port, username, password } = new URL(proxyUrl)
  const scheme = protocol
    .replace(/^socks5h:/, 'socks5:')
    .replace(/^socks4a:/, 'socks4:')
    .slice(0, -1)
  const url = `${scheme}://${hostname}:${port || usualPorts[scheme]}`
  if (username === '' && password === '') return { url }
  return { url, username: decodeURIComponent(username), password: decodeURIComponent(password) }
}

function endpointOf(solverUrl: string): string {
  const url = new URL(solverUrl)
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path.endsWith('/v1') ? path : `${path}/v1`}`
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > MAX_ANSWER_SIZE_BYTES) throw new SolverError('its answer is too long')
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseAnswer(status: number, text: string, origin: string): Solved {
  const answer = answerSchema.safeParse(parseJson(text)).data
  if (!answer) throw new SolverError(`HTTP ${status} and no answer of FlareSolverr's`)
  const { solution, message = '' } = answer
  if (status !== 200 || answer.status !== 'ok')
    throw new SolverError(`it failed (HTTP ${status}): ${message}`)
  if (!solution) throw new SolverError('its answer has no solution')
  const { userAgent } = solution
  if (userAgent.length > MAX_USER_AGENT_LENGTH || !PRINTABLE.test(userAgent))
    throw new SolverError('its answer has no usable User-Agent')
  const cookies = keepCookies(solution.cookies ?? [], new URL(origin).hostname)
  return {
    cookies: [...cookies].map(([name, { value }]) => `${name}=${value}`).join('; '),
    userAgent,
    expiresAt: expiryOf(cookies.get(CLEARANCE)),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told as an answer that is not FlareSolverr's
  }
}

/** The edge's own cookies for the host; the first of a name. A solver that names another host is believed. */
function keepCookies(cookies: readonly Cookie[], host: string): ReadonlyMap<string, Cookie> {
  const fitting = cookies.filter(({ domain }) => fits(domain, host))
  const kept = new Map<string, Cookie>()
  for (const cookie of fitting.length > 0 ? fitting : cookies) {
    const name = cookie.name.toLowerCase()
    if (isEdgeCookie(name, cookie.value) && !kept.has(name)) kept.set(name, cookie)
  }
  return kept
}

function fits(domain: string | undefined, host: string): boolean {
  const bare = (domain ?? '').replace(/^\./, '').toLowerCase()
  return bare === '' || host === bare || host.endsWith(`.${bare}`)
}

function expiryOf(cookie: Cookie | undefined): number | undefined {
  const seconds = cookie?.expiry ?? cookie?.expires ?? 0
  return seconds > 0 ? seconds * 1000 : undefined
}

/** A browser's error may repeat the address of the proxy. */
function withoutSecrets(message: string, proxyUrl: string | undefined): string {
  const { username, password } = proxyUrl === undefined ? { username: '', password: '' } : new URL(proxyUrl)
  const secrets = [username, password].flatMap((text) => [text, decodeURIComponent(text)])
  const bare = secrets
    .filter((text) => text !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((text, secret) => text.replaceAll(secret, '***'), message)
  return bare.replaceAll(/\/\/[^\s/@]+@/g, '//***@').slice(0, MAX_MESSAGE_LENGTH)
}
