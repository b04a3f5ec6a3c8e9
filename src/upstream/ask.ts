import type { Account } from '../core/account.ts'
import { GatewayError } from '../core/error.ts'
import type { Mode } from '../core/model.ts'
import type { QuotaReport } from '../core/quota-report.ts'
import { fetchQuota } from './quota.ts'
import type { CallerIdentity, RestCaller } from './rest-call.ts'
import { fetchSession, type SessionIdentity } from './session.ts'

export interface AskParts {
  readonly call: RestCaller
  /** Opens a secret of an account; the hash of its credential is the context. */
  readonly openSecret: (sealed: string, credentialHash: string) => string
  /** The proxy to take for an account, given its own; undefined: none. */
  readonly proxyFor: (accountId: number, ownProxyUrl: string | null) => string | undefined
}

/** What the upstream says about an account. */
export interface Answer {
  readonly report: QuotaReport
  /** Asked only while it is not known. */
  readonly identity: SessionIdentity | null
}

type Ask = (account: Account, modes: readonly Mode[], signal: AbortSignal) => Promise<Answer>

/** Asks the upstream about accounts: their windows, and who they are. Throws if the account itself is refused. */
export function createAsk(parts: AskParts): Ask {
  return async (account, modes, signal) => {
    const identity = identify(parts, account, signal)
    const report = await fetchQuota(parts.call, identity, modes)
    return { report, identity: account.upstreamUserId === null ? await askWho(parts.call, identity) : null }
  }
}

/** Who calls, in the clear: only for the upstream's headers. */
export function identify(
  { openSecret, proxyFor }: Pick<AskParts, 'openSecret' | 'proxyFor'>,
  account: Account,
  signal: AbortSignal,
): CallerIdentity {
  const { sealedCredential, sealedProxyUrl, credentialHash } = account
  const own = sealedProxyUrl === null ? null : openSecret(sealedProxyUrl, credentialHash)
  const proxyUrl = proxyFor(account.id, own)
  return {
    credential: openSecret(sealedCredential, credentialHash),
    signal,
    ...(proxyUrl !== undefined && { proxyUrl }),
  }
}

/** A failure that says nothing about the account leaves the question open for the next time. */
async function askWho(call: RestCaller, identity: CallerIdentity): Promise<SessionIdentity | null> {
  try {
    return await fetchSession(call, identity)
  } catch (error) {
    const isAboutAccount =
      error instanceof GatewayError &&
      (error.code === 'credential_invalid' || error.code === 'account_blocked')
    if (isAboutAccount) throw error
    return null
  }
}
