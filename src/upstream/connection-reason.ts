import type { Reason } from '../core/reason.ts'

/** What the runtime and other clients call a name that cannot be resolved. */
const dnsSigns = /ENOTFOUND|EAI_AGAIN|EAI_NODATA|getaddrinfo|dns error|failed to lookup/i

/** A handshake or a certificate that is not as it should be. */
const tlsSigns = /CERT|EPROTO|SSL|TLS|SIGNATURE|handshake/i

/** A proxy that refuses, or that the client cannot speak to. */
const proxySigns = /ERR_PROXY|UnsupportedProxyProtocol|proxy/i

/** Which link of a connection failed. Behind a proxy only the proxy is resolved and connected to by us. */
export function describeConnection(cause: unknown, isProxied: boolean): Reason {
  const text = wordsOf(cause)
  if (isProxied && proxySigns.test(text)) return 'proxy'
  const isCertificate = tlsSigns.test(text)
  if (isProxied) return isCertificate ? 'tls' : 'proxy'
  if (dnsSigns.test(text)) return 'dns'
  return isCertificate ? 'tls' : 'upstream-down'
}

const MAX_CAUSE_DEPTH = 4

/** Codes and messages of an error and its causes. Not their names: that of a handshake says nothing of what failed in it. */
function wordsOf(cause: unknown, depth = 0): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : ''
  const own = `${'code' in cause ? String(cause.code) : ''} ${cause.message}`
  return cause.cause !== undefined && depth < MAX_CAUSE_DEPTH
    ? `${own} ${wordsOf(cause.cause, depth + 1)}`
    : own
}
