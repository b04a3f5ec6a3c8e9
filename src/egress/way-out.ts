import { GatewayError } from '../core/error.ts'

/** One way to the upstream: directly, or through a proxy. */
export interface WayOut {
  /** Names the way out in logs; never holds a password. */
  readonly id: string
  readonly proxyUrl?: string
}

/** The settings that decide the way out (`proxy.egress`). */
export interface EgressSettings {
  readonly mode: 'direct' | 'single_proxy' | 'proxy_pool'
  readonly proxyUrl: string
}

const DIRECT: WayOut = { id: 'direct' }

/** Schemes that the runtime's own client can speak to a proxy. */
const supportedSchemes = new Set(['http:', 'https:'])

/** The way out for the next request. A setting that cannot be followed is an error, never a silent direct connection. */
export function chooseWayOut(settings: EgressSettings, accountProxyUrl: string | null = null): WayOut {
  if (accountProxyUrl !== null) return throughProxy(accountProxyUrl, 'the proxy of the account')
  if (settings.mode === 'direct') return DIRECT
  if (settings.mode === 'proxy_pool') {
    throw notPossible(
      'proxy.egress.mode = proxy_pool is not supported by this version; use direct or single_proxy',
    )
  }
  if (settings.proxyUrl === '')
    throw notPossible('proxy.egress.mode is single_proxy, but proxy.egress.proxy_url is empty')
  return throughProxy(settings.proxyUrl, 'proxy.egress.proxy_url')
}

/** `what` names the setting in the log; the address itself may hold a password. */
function throughProxy(proxyUrl: string, what: string): WayOut {
  const url = URL.parse(proxyUrl)
  if (!url) throw notPossible(`${what} is not a URL`)
  if (!supportedSchemes.has(url.protocol)) {
    throw notPossible(`${what}: this version speaks to http and https proxies, not ${url.protocol}`)
  }
  return { id: `proxy ${url.host}`, proxyUrl }
}

function notPossible(cause: string): GatewayError {
  return new GatewayError('unavailable', 'The gateway has no usable way to the upstream; see its log.', {
    cause,
  })
}
