import { GatewayError } from '../../core/error.ts'
import { unlessAborted } from '../../util/unless-aborted.ts'
import type { ChatCall } from '../chat-call.ts'
import type { RestCaller } from '../rest-call.ts'
import { fetchSession } from '../session.ts'

/** Whose call it is, in which login, and by which way it goes. */
type Asker = Pick<ChatCall, 'accountId' | 'credential' | 'proxyUrl' | 'signal'>

/** Who an account is at the upstream. */
export interface KnownUser {
  readonly userId: string
  readonly email: string | null
}

/** Who the accounts are at the upstream, as far as it is known. */
export interface UserIds {
  find(accountId: number): string | null
  /** Keeps what was just learnt of the login that asked; the account may have another one by now. */
  keep(asker: Pick<Asker, 'accountId' | 'credential'>, user: KnownUser): void
}

/** The user id of the calling account. */
export type FindUserId = (asker: Asker) => Promise<string>

interface FinderParts {
  readonly userIds: UserIds
  readonly call: RestCaller
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * Finds the user ids of accounts: one that is not known is asked for and kept (spec/upstream-chat.md §1.5). All who want
 * the same one meanwhile wait for that one call, which goes on when the first of them leaves.
 */
export function createUserIdFinder(parts: FinderParts): FindUserId {
  const running = new Map<string, Promise<string>>()
  return async (asker) => {
    const known = parts.userIds.find(asker.accountId)
    if (known !== null && UUID.test(known)) return known
    const { accountId, credential, proxyUrl, signal } = asker
    const key = `${accountId} ${credential} ${proxyUrl ?? ''}`
    const asking = running.get(key) ?? askFor(parts, asker).finally(() => running.delete(key))
    running.set(key, asking)
    return unlessAborted(asking, signal).catch((thrown: unknown) => {
      throw signal.aborted ? new GatewayError('client_closed', 'The client left.', { cause: thrown }) : thrown
    })
  }
}

/** Ends by itself: the call has a time limit. */
async function askFor({ userIds, call }: FinderParts, asker: Asker): Promise<string> {
  const { userId, email } = await fetchSession(call, { ...asker, signal: new AbortController().signal })
  if (userId === null || !UUID.test(userId)) {
    throw new GatewayError('upstream_unavailable', 'The upstream did not say who the account is.')
  }
  userIds.keep(asker, { userId, email })
  return userId
}
