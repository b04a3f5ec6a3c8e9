import { GatewayError } from '../../core/error.ts'
import type { ChatCall } from '../chat-call.ts'
import type { RestCaller } from '../rest-call.ts'
import { fetchSession } from '../session.ts'

/** Who the accounts are at the upstream, as far as it is known. */
export interface UserIds {
  find(accountId: number): string | null
  /** Keeps what was just learnt. */
  keep(accountId: number, userId: string): void
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The user id of the calling account; asked for and kept when it is not known (spec/upstream-chat.md §1.5). */
export async function findUserId(
  { userIds, call: ask }: { readonly userIds: UserIds; readonly call: RestCaller },
  { accountId, ...call }: ChatCall,
): Promise<string> {
  const known = userIds.find(accountId)
  if (known !== null && UUID.test(known)) return known
  const { userId } = await fetchSession(ask, call)
  if (userId === null || !UUID.test(userId)) {
    throw new GatewayError('upstream_unavailable', 'The upstream did not say who the account is.')
  }
  userIds.keep(accountId, userId)
  return userId
}
