import { GatewayError } from '../core/error.ts'

/** One proxy, as it was configured. */
export interface ProxyNode {
  /** The whole address, normalised; it may hold a password, and is the key of everything that is known about the proxy. */
  readonly proxyUrl: string
  /** Names the proxy in logs and pages, without a password. */
  readonly name: string
}

/** What is asked of a proxy in a shorter spelling: names are always resolved at the proxy, never here. */
const spellings: Readonly<Record<string, string>> = {
  'socks:': 'socks5h:',
  'socks5:': 'socks5h:',
  'socks4:': 'socks4a:',
}
const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'socks4a:', 'socks5h:'])

/** Reads a proxy's address; `what` names the setting in the log. */
export function parseProxyNode(text: string, what: string): ProxyNode {
  const url = URL.parse(withWholeEscapes(text))
  if (!url || url.hostname === '') throw noWayOut(`${what} is not a URL`)
  const scheme = spellings[url.protocol] ?? url.protocol
  if (!schemes.has(scheme)) throw noWayOut(`${what}: a proxy of the kind ${url.protocol} is not known`)
  const secret = url.username || url.password ? `${url.username}:${url.password}@` : ''
  return { proxyUrl: `${scheme}//${secret}${url.host}`, name: `${scheme}//${url.host}` }
}

/** A `%` that begins no escape is one of a password that was typed as it is; every client reads it in its own way. */
function withWholeEscapes(address: string): string {
  return address.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')
}

/** The settings leave no way to the upstream; never a reason to go there directly. */
export function noWayOut(cause: string): GatewayError {
  return new GatewayError('unavailable', 'The gateway has no usable way to the upstream; see its log.', {
    cause,
  })
}
