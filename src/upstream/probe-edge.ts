import { GatewayError } from '../core/error.ts'
import { IdleGuard } from '../util/idle-guard.ts'
import { clientHints } from './client-hints.ts'
import { classifyHttpFailure, connectionFailure } from './failure.ts'
import { readStart } from './read-start.ts'
import type { RestCallerOptions } from './rest-call.ts'

/** How the upstream's edge answered somebody without a login. */
export interface ProbedEdge {
  readonly status: number
  /** The time by the upstream's clock (epoch ms), where it told. */
  readonly answeredAt: number | undefined
}

/** Which way to go, and until when. */
export interface ProbeOptions {
  readonly proxyUrl?: string | undefined
  readonly signal: AbortSignal
}

const FORBIDDEN = 403
const PROXY_AUTHENTICATION = 407
const SERVER_ERROR = 500
const MAX_PROBE_SECONDS = 12

/** Asks the upstream's first page as a browser would; throws what stands in the way, as it would for a request. */
export async function probeEdge(
  { transport, settings }: Pick<RestCallerOptions, 'transport' | 'settings'>,
  { proxyUrl, signal }: ProbeOptions,
): Promise<ProbedEdge> {
  const { baseUrl, userAgent, edgeCookies } = settings()
  const timeout = new AbortController()
  const timer = new IdleGuard(MAX_PROBE_SECONDS * 1000, () => timeout.abort())
  try {
    const response = await transport.send({
      method: 'GET',
      url: `${baseUrl}/`,
      headers: {
        accept: 'text/html,application/xhtml+xml',
        'accept-language': 'en',
        'user-agent': userAgent,
        ...clientHints(userAgent),
        ...(edgeCookies !== '' && { cookie: edgeCookies }),
      },
      signal: AbortSignal.any([signal, timeout.signal]),
      timer,
      ...(proxyUrl !== undefined && { proxyUrl }),
    })
    const { status, headers } = response
    const body = await readStart(response.body)
    if (status === FORBIDDEN || status === PROXY_AUTHENTICATION || status >= SERVER_ERROR)
      throw classifyHttpFailure({ status, headers, body })
    const date = Date.parse(headers.get('date') ?? '')
    return { status, answeredAt: Number.isNaN(date) ? undefined : date }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    if (timeout.signal.aborted)
      throw new GatewayError('upstream_timeout', 'The upstream did not answer in time.')
    throw connectionFailure(thrown, proxyUrl)
  } finally {
    timer.close()
  }
}
