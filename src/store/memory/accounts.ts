import type { Account, NewAccount } from '../../core/account.ts'
import { mergeAccount, type AccountChange } from '../../core/merge-account.ts'
import { CredentialTakenError, type AccountStore, type AddedAccount, type SyncCursor } from '../contract.ts'
import { newRow } from '../new-row.ts'

/** An account store that lives in this process only. */
export function createMemoryAccountStore(): AccountStore {
  const table = new Table()
  return {
    add: async (accounts, now) => table.add(accounts, now),
    save: async (changes, now) => table.save(changes, now),
    find: async (ids) => ids.flatMap((id) => table.rows.get(id) ?? []).sort((a, b) => a.id - b.id),
    purge: async (deletedBefore) => table.purge(deletedBefore),
    changesSince: async (cursor, limit) => {
      const accounts = table.after(cursor).slice(0, limit)
      const last = accounts.at(-1)
      return { accounts, cursor: last ? { revision: last.revision, id: last.id } : cursor }
    },
    count: async () => [...table.rows.values()].filter((row) => !isDeleted(row)).length,
    ping: async () => {},
    close: async () => {},
  }
}

class Table {
  readonly rows = new Map<number, Account>()
  readonly #idByHash = new Map<string, number>()
  #revision = 0
  #lastId = 0

  add(accounts: readonly NewAccount[], now: number): AddedAccount[] {
    if (accounts.length > 0) this.#revision++
    return accounts.map((account) => this.#addOne(account, now))
  }

  #addOne(account: NewAccount, now: number): AddedAccount {
    const row = this.rows.get(this.#idByHash.get(account.credentialHash) ?? 0)
    if (row && !isDeleted(row)) return { id: row.id, outcome: 'existing' }
    const added = newRow(account, { id: row?.id ?? ++this.#lastId, now, revision: this.#revision })
    this.rows.set(added.id, added)
    this.#idByHash.set(added.credentialHash, added.id)
    return { id: added.id, outcome: row ? 'revived' : 'added' }
  }

  save(changes: readonly AccountChange[], now: number): Account[] {
    const saved = new Map<number, Account>()
    for (const change of changes) {
      const stored = this.rows.get(change.next.id)
      if (!stored || isDeleted(stored)) continue
      const merged = mergeAccount(saved.get(stored.id) ?? stored, change)
      saved.set(stored.id, { ...merged, updatedAt: now, revision: this.#revision + 1 })
    }
    if (changes.length > 0) this.#refuseTaken([...saved.values()])
    if (changes.length > 0) this.#revision++
    for (const row of saved.values()) {
      this.#idByHash.delete(this.rows.get(row.id)?.credentialHash ?? '')
      this.rows.set(row.id, row)
      this.#idByHash.set(row.credentialHash, row.id)
    }
    return [...saved.values()]
  }

  #refuseTaken(rows: readonly Account[]): void {
    const changed = rows.filter((row) => row.credentialHash !== this.rows.get(row.id)?.credentialHash)
    const hashes = new Set(changed.map(({ credentialHash }) => credentialHash))
    const isTaken = [...hashes].some((hash) => this.#idByHash.has(hash))
    if (isTaken || hashes.size < changed.length) {
      throw new CredentialTakenError('the new credential belongs to another account')
    }
  }

  purge(deletedBefore: number): number {
    const old = [...this.rows.values()].filter((row) => isDeleted(row) && row.updatedAt < deletedBefore)
    for (const row of old) {
      this.rows.delete(row.id)
      this.#idByHash.delete(row.credentialHash)
    }
    return old.length
  }

  /** The rows after a cursor, oldest first. */
  after(cursor: SyncCursor): Account[] {
    const isLater = (row: Account): boolean =>
      row.revision > cursor.revision || (row.revision === cursor.revision && row.id > cursor.id)
    return [...this.rows.values()].filter(isLater).sort((a, b) => a.revision - b.revision || a.id - b.id)
  }
}

function isDeleted({ state }: Account): boolean {
  return state.status === 'deleted'
}
