import type { Account } from '../../core/account.ts'
import { FIRST_CURSOR, type Stores } from '../../store/contract.ts'

/** Accounts among which one that serves is looked for. */
const MAX_LOOKED_AT = 1_000

/** Accounts of the store that are not deleted, up to a number. */
export async function listAccounts(
  { accounts }: Pick<Stores, 'accounts'>,
  limit: number,
): Promise<readonly Account[]> {
  const page = await accounts.changesSince(FIRST_CURSOR, limit)
  return page.accounts.filter(({ state }) => state.status !== 'deleted')
}

/** The account of this number, or one that serves; as the store knows it, so that it also works without a gateway. */
export async function findAccount(
  stores: Pick<Stores, 'accounts'>,
  id?: number,
): Promise<Account | undefined> {
  if (id === undefined) {
    const accounts = await listAccounts(stores, MAX_LOOKED_AT)
    return accounts.find(({ state }) => state.status === 'active') ?? accounts[0]
  }
  const [account] = await stores.accounts.find([id])
  return account?.state.status === 'deleted' ? undefined : account
}
