import type { GatewayError } from './error.ts'
import { reasonRules } from './reason.ts'

/**
 * Whether a failure lies on the way to the upstream: `rejected` by its edge, no `connection`, or a `silence` or break that
 * may be the upstream's doing as well. Undefined: the way out did its work.
 */
export type WayOutFault = 'rejected' | 'connection' | 'silence'

/** What a failure says of the way that the request went. */
export function wayOutFault({ code, reason, upstreamStatus }: GatewayError): WayOutFault | undefined {
  if (code === 'egress_rejected') return 'rejected'
  if (reason && reasonRules[reason].blames === 'way-out') return 'connection'
  if (code === 'upstream_timeout') return 'silence'
  // without a status: the connection was lost on the way, or the answer broke off
  const isBroken = reason === 'upstream-down' && upstreamStatus === undefined
  return isBroken ? 'silence' : undefined
}
