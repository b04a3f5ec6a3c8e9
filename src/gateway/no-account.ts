import type { AccountDirectory } from '../accounts/directory.ts'
import { unreadableFault } from '../accounts/lease.ts'
import type { ReserveQuery } from '../accounts/reserve-query.ts'
import type { Shortfall } from '../accounts/shortfall.ts'
import { GatewayError } from '../core/error.ts'
import type { Model } from '../core/model.ts'
import { reasonRules, type Reason } from '../core/reason.ts'

/**
 * What a request is told that found no account: that all who could serve are lost, and how, or that one comes back and
 * when. Where only one account will do it is always `no_account`, for its users wait for it.
 */
export function noAccount(directory: AccountDirectory, query: ReserveQuery, model: Model): GatewayError {
  const { type, reason, retryAfterSeconds } = directory.shortfall(query)
  const lost = lostBy[type]
  if (query.mustPrefer !== true) {
    if (type === 'unreadable') return unreadableFault()
    if (lost) {
      const { code, sentence } = reasonRules[lost]
      const cause = `no account can serve ${model.id}, and most are lost so`
      return new GatewayError(code, sentence, { cause, reason: lost, retryAfterSeconds })
    }
  }
  const message =
    directory.stats.accounts === 0
      ? 'No accounts are configured in this gateway.'
      : `No account can serve ${model.id} now: all that could are busy, used up or out of order.`
  return new GatewayError('no_account', message, { reason: lost ?? reason, retryAfterSeconds })
}

const lostBy: Readonly<Partial<Record<Shortfall['type'], Reason>>> = {
  suspended: 'account-blocked',
  'needs-login': 'credential-invalid',
}
