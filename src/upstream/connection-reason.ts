import type { Reason } from '../core/reason.ts'
import { describeError } from '../util/log.ts'

/** What the runtime and other clients call a name that cannot be resolved. */
const dnsSigns = /ENOTFOUND|EAI_AGAIN|EAI_NODATA|getaddrinfo|dns error|failed to lookup/i

/** A handshake or a certificate that is not as it should be. */
const tlsSigns = /CERT|EPROTO|SSL|TLS|SIGNATURE|handshake/i

/** A proxy that refuses, or that the client cannot speak to. */
const proxySigns = /ERR_PROXY|UnsupportedProxyProtocol|proxy/i

/** Which link of a connection failed. Behind a proxy only the proxy is resolved and connected to by us. */
export function describeConnection(cause: unknown, isProxied: boolean): Reason {
  const text = `${codeOf(cause)} ${describeError(cause)}`
  if (isProxied && proxySigns.test(text)) return 'proxy'
  const isCertificate = tlsSigns.test(text)
  if (isProxied) return isCertificate ? 'tls' : 'proxy'
  if (dnsSigns.test(text)) return 'dns'
  return isCertificate ? 'tls' : 'upstream-down'
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
