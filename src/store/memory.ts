import { freshCondition, type Account, type NewAccount } from '../core/account.ts'
import type { AccountStore, AddedAccount } from './contract.ts'

/** A store that lives in this process only: for tests, and the measure of the contract. */
export function createMemoryAccountStore(): AccountStore {
  const rows = new Map<number, Account>()
  const idByHash = new Map<string, number>()
  let revision = 0

  const addOne = (account: NewAccount, now: number): AddedAccount => {
    const id = idByHash.get(account.credentialHash)
    const row = id === undefined ? undefined : rows.get(id)
    if (row && row.state.status !== 'deleted') return { id: row.id, outcome: 'existing' }
    const added = newRow(account, { id: row?.id ?? rows.size + 1, now, revision })
    rows.set(added.id, added)
    idByHash.set(added.credentialHash, added.id)
    return { id: added.id, outcome: row ? 'revived' : 'added' }
  }
  return {
    add: async (accounts, now) => {
      revision++
      return accounts.map((account) => addOne(account, now))
    },
    save: async (accounts, now) => {
      revision++
      for (const account of accounts) {
        const row = rows.get(account.id)
        if (!row || row.state.status === 'deleted') continue
        rows.set(account.id, { ...account, updatedAt: now, revision })
        idByHash.delete(row.credentialHash)
        idByHash.set(account.credentialHash, account.id)
      }
      return revision
    },
    changesSince: async (cursor, limit) => {
      const isLater = (row: Account): boolean =>
        row.revision > cursor.revision || (row.revision === cursor.revision && row.id > cursor.id)
      const accounts = [...rows.values()]
        .filter(isLater)
        .sort((a, b) => a.revision - b.revision || a.id - b.id)
        .slice(0, limit)
      const last = accounts.at(-1)
      return { accounts, cursor: last ? { revision: last.revision, id: last.id } : cursor }
    },
    count: async () => [...rows.values()].filter((row) => row.state.status !== 'deleted').length,
    ping: async () => {},
    close: async () => {},
  }
}

/** The row of an account that is added now; shared by the stores, so that all start an account alike. */
export function newRow(
  account: NewAccount,
  place: { readonly id: number; readonly now: number; readonly revision: number },
): Account {
  return {
    ...freshCondition(account.quota, place.now),
    id: place.id,
    credentialHash: account.credentialHash,
    sealedCredential: account.sealedCredential,
    tier: account.tier,
    tags: account.tags,
    successCount: 0,
    failureCount: 0,
    lastUsedAt: null,
    lastFailure: null,
    createdAt: place.now,
    updatedAt: place.now,
    revision: place.revision,
  }
}
