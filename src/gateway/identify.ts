import type { CallerIdentity } from '../upstream/rest-call.ts'
import type { Attempt } from './attempt.ts'

/** Who calls the upstream in an attempt, and which way. */
export function identify({ lease, wayOut }: Attempt, signal: AbortSignal): CallerIdentity {
  const { proxyUrl } = wayOut
  return { credential: lease.credential, signal, ...(proxyUrl !== undefined && { proxyUrl }) }
}
