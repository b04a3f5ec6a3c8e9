import { NOW } from '../core/account-for-tests.ts'
import type { Account, AccountState, NewAccount } from '../core/account.ts'
import type { AccountChange } from '../core/merge-account.ts'
import { defaultQuota } from '../core/quota.ts'
import { FIRST_CURSOR, type AccountStore } from './contract.ts'

/** For tests: an account that is not stored yet. */
export function newAccountForTests(name: string | number, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    credentialHash: `hash ${name}`,
    sealedCredential: `sealed ${name}`,
    tier: 'basic',
    tags: [],
    quota: defaultQuota('basic'),
    ...changes,
  }
}

/** For tests: so many accounts that are not stored yet. */
export function newAccountsForTests(count: number): NewAccount[] {
  return Array.from({ length: count }, (_, n) => newAccountForTests(n))
}

/** For tests: a change of a row as it was read. */
export function changeForTests(base: Account, changes: Partial<Account>): AccountChange {
  return { base, next: { ...base, ...changes } }
}

/** For tests: everything in a store, deleted rows included. */
export async function readAll(store: AccountStore): Promise<readonly Account[]> {
  return (await store.changesSince(FIRST_CURSOR, 100_000)).accounts
}

/** For tests: one row; throws if it is not there. */
export async function readOne(store: AccountStore, id: number): Promise<Account> {
  const [account] = await store.find([id])
  if (!account) throw new Error(`no account ${id}`)
  return account
}

/** For tests: adds one account and returns its row. */
export async function addOne(store: AccountStore, name = 'a'): Promise<Account> {
  const [added] = await store.add([newAccountForTests(name)], NOW)
  return readOne(store, added?.id ?? 0)
}

/** For tests: the state of a deleted account. */
export const deletedForTests: AccountState = {
  status: 'deleted',
  cause: { code: 'operator', evidence: 'removed', at: NOW },
}

/** For tests: deletes an account. */
export async function markDeleted(store: AccountStore, id: number, now = NOW): Promise<void> {
  await store.save([changeForTests(await readOne(store, id), { state: deletedForTests })], now)
}
