import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { RemoteUrl } from './remote-url.ts'
import type { PinnedAddress } from './resolve-host.ts'

/** Everything that is said to a stranger: no cookie, no authorization, no referrer. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'grok2api' } as const

/**
 * One GET to a host at the given addresses only; the name goes into `Host` and the TLS handshake, whose certificate is
 * checked against it. Resolves with the head of the answer.
 *
 * Seen with Bun 1.4.5: `node:http` asks the `lookup` of the options and connects to nothing else, tries several
 * addresses in turn, ignores the proxy variables of the environment (the runtime's `fetch` obeys them, and cannot be
 * pinned), follows no redirect and decodes no `content-encoding`. It ignores `createConnection`.
 */
export function pinnedGet(
  { url, host }: RemoteUrl,
  addresses: readonly PinnedAddress[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const options: RequestOptions = {
    method: 'GET',
    headers: HEADERS,
    // a kept connection could lead to an earlier address of the name
    agent: false,
    lookup: lookupOf(host, addresses),
    signal,
  }
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options)
  // said by ourselves, too: after a 101, which nobody asked for, the runtime no longer hears the signal
  const stop = (): void => {
    request.destroy()
    reject(signal.reason)
  }
  signal.addEventListener('abort', stop, { once: true })
  request.once('response', resolve)
  request.once('upgrade', (_answer, socket) => {
    socket.destroy()
    reject(new Error('an answer in another protocol'))
  })
  request.on('error', reject)
  request.end()
  return promise
}

function lookupOf(host: string, addresses: readonly PinnedAddress[]): LookupFunction {
  return (asked, { all }, answer) => {
    const [first] = addresses
    if (asked.replace(/\.$/, '') !== host || !first) answer(new Error('an unexpected name'), '')
    else if (all) answer(null, [...addresses])
    else answer(null, first.address, first.family)
  }
}
