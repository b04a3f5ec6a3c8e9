import { INSTANCE_HEADER } from '../health.ts'

/** The longest wait for the public address. */
export const PUBLIC_URL_TIMEOUT_SECONDS = 5

/** What can be wrong with a public address. */
export const publicUrlProblems = [
  'not_set',
  'dns',
  'refused',
  'timeout',
  'tls',
  'unreachable',
  'redirect',
  'status',
  'not_this_gateway',
  'files_not_served',
] as const

/** What a look at the public address has shown. */
export interface PublicUrlFinding {
  readonly problem: (typeof publicUrlProblems)[number] | null
  readonly message: string
}

export interface PublicUrlOptions {
  /** How this gateway names itself at `/health`. */
  readonly instanceId: string
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly signal: AbortSignal
  /** The link to a file that is kept here, to be fetched as a browser would; absent: nothing is kept yet. */
  readonly fileLink?: string
}

const TLS_CODE = /CERT|SIGNATURE|SSL|TLS|EPROTO/

/**
 * Asks `<url>/health` as somebody outside would, fetches a link to a kept file of its own, and says plainly what is
 * wrong.
 */
export async function checkPublicUrl(url: string, options: PublicUrlOptions): Promise<PublicUrlFinding> {
  if (url === '') return found('not_set', 'app.app_url is empty: links to media are relative.')
  const timeout = AbortSignal.timeout(PUBLIC_URL_TIMEOUT_SECONDS * 1000)
  try {
    const signal = AbortSignal.any([options.signal, timeout])
    const ask = async (address: string): Promise<Response> => {
      const response = await options.fetch(address, { redirect: 'manual', signal })
      await response.body?.cancel()
      return response
    }
    const finding = judgeAnswer(url, await ask(`${url}/health`), options.instanceId)
    if (finding.problem !== null || options.fileLink === undefined) return finding
    return judgeFile(url, await ask(options.fileLink))
  } catch (error) {
    return judgeFailure(url, error)
  }
}

function judgeAnswer(url: string, { status, headers }: Response, instanceId: string): PublicUrlFinding {
  if (status >= 300 && status < 400) {
    return found('redirect', `${url} redirects to ${describeTarget(headers.get('location'), url)}.`)
  }
  if (status !== 200) return found('status', `${url}/health answers with status ${status} instead of 200.`)
  if (headers.get(INSTANCE_HEADER) !== instanceId) {
    return found('not_this_gateway', `Something answers at ${url}, but it is not this gateway.`)
  }
  return found(null, `${url} leads to this gateway.`)
}

/** A proxy may pass on `/health` and keep the rest to itself, or put a page of its own in its place. */
function judgeFile(url: string, { status, headers }: Response): PublicUrlFinding {
  const type = headers.get('content-type') ?? 'nothing'
  if (status === 200 && /^(?:image|video)\//.test(type))
    return found(null, `${url} leads to this gateway, and serves kept files.`)
  const answer = status === 200 ? `answered with ${type}` : `answered with status ${status}`
  return found('files_not_served', `${url} leads to this gateway, but the link to a kept file is ${answer}.`)
}

/** Without the query, in which an answer may hold anything. */
function describeTarget(location: string | null, base: string): string {
  if (location === null || !URL.canParse(location, base)) return 'nowhere'
  const { origin, pathname } = new URL(location, base)
  return origin + pathname
}

function judgeFailure(url: string, error: unknown): PublicUrlFinding {
  const { hostname, port, protocol } = new URL(url)
  const name = error instanceof Error ? error.name : ''
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (name === 'TimeoutError') {
    return found('timeout', `${url} did not answer within ${PUBLIC_URL_TIMEOUT_SECONDS} seconds.`)
  }
  if (/ENOTFOUND|EAI_AGAIN|DNS/.test(code)) return found('dns', `The name ${hostname} cannot be resolved.`)
  if (code === 'ECONNREFUSED' || code === 'ConnectionRefused') {
    const asked = port || (protocol === 'https:' ? '443' : '80')
    return found('refused', `${hostname} refuses connections on port ${asked}.`)
  }
  if (TLS_CODE.test(code)) {
    return found(
      'tls',
      `The TLS connection to ${hostname} failed: ${code.toLowerCase().replaceAll('_', ' ')}.`,
    )
  }
  return found('unreachable', `${url} cannot be reached (${code === '' ? 'no reason given' : code}).`)
}

function found(problem: PublicUrlFinding['problem'], message: string): PublicUrlFinding {
  return { problem, message }
}
