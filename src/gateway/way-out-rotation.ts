import type { AccountLease } from '../accounts/lease.ts'
import type { GatewayError } from '../core/error.ts'
import type { WayOut, WayOutQuery } from '../egress/way-out.ts'
import { wayOutFault } from '../core/way-out-fault.ts'
import { noWayOut } from '../egress/proxy-node.ts'

/** Chooses the way for a request, and knows who was to blame for a refusal. */
export interface WayOutParts {
  readonly chooseWayOut: (query: WayOutQuery) => WayOut | undefined
  /** Whether the last refusal of an account at the upstream's edge was its own fault. */
  readonly isAccountsFault: (credential: string) => boolean
  /** Whether a challenge is for the gateway to pass; then no account is to blame for one. Absent: it is not. */
  readonly passesChallenges?: () => boolean
}

/** Ways out that one account is tried over in one request. */
const MAX_WAYS_OUT = 3

/** The ways out of one account in one request: when one fails, another carries the same account. */
export class WayOutRotation {
  readonly #parts: WayOutParts
  readonly #lease: AccountLease
  readonly #tried = new Set<string>()
  #current: WayOut | undefined

  constructor(parts: WayOutParts, lease: AccountLease) {
    this.#parts = parts
    this.#lease = lease
  }

  /** The way that is taken now; throws if the settings leave none. */
  get current(): WayOut {
    const wayOut = (this.#current ??= this.#choose())
    if (!wayOut) throw noWayOut('no way out is left')
    return wayOut
  }

  /** Names the way in the log. */
  get id(): string | undefined {
    return this.#current?.id
  }

  /** Turns to another way if the failure lies on this one and there is another. */
  turn(failure: GatewayError): boolean {
    const proxyUrl = this.#current?.proxyUrl
    if (proxyUrl === undefined || !liesOnTheWay(failure)) return false
    this.#tried.add(proxyUrl)
    const next = this.#tried.size < MAX_WAYS_OUT ? this.#choose() : undefined
    if (next) this.#current = next
    return next !== undefined
  }

  /** Whether a failure must not count against the account: its proxy failed, or the gateway's clearance. */
  absolves(failure: GatewayError): boolean {
    if (failure.reason === 'challenge' && this.#parts.passesChallenges?.() === true) return true
    if (this.#current?.proxyUrl === undefined) return false
    const fault = wayOutFault(failure)
    if (fault === 'rejected') return !this.#parts.isAccountsFault(this.#lease.credential)
    return fault !== undefined && failure.code !== 'upstream_timeout'
  }

  #choose(): WayOut | undefined {
    const { accountId, proxyUrl } = this.#lease
    return this.#parts.chooseWayOut({
      accountKey: String(accountId),
      ownProxyUrl: proxyUrl,
      exclude: this.#tried,
    })
  }
}

/** What may be the upstream's own doing is no reason to ask the same account again. */
function liesOnTheWay(failure: GatewayError): boolean {
  const fault = wayOutFault(failure)
  return fault === 'rejected' || fault === 'connection'
}
