import type { Account } from '../core/account.ts'
import { FIRST_CURSOR, type AccountStore } from '../store/contract.ts'
import type { SecretBox } from '../util/secret-box.ts'

/** Rows per read and per write. */
const BATCH_SIZE = 500

/** What one pass over all accounts did. */
export interface RewrapCounts {
  readonly rewrapped: number
  /** Accounts that can be read with none of the keys; they stay as they are. */
  readonly unreadable: readonly number[]
}

/** Puts the secrets of all accounts under the current master key; those that are there already are not written. */
export async function rewrapAccounts(
  store: AccountStore,
  box: SecretBox,
  now: () => number,
): Promise<RewrapCounts> {
  const unreadable: number[] = []
  let rewrapped = 0
  let cursor = FIRST_CURSOR
  // rows that a pass writes move behind the cursor and are met once more, under the current key: the loop ends
  for (;;) {
    const page = await store.changesSince(cursor, BATCH_SIZE)
    if (page.accounts.length === 0) return { rewrapped, unreadable: [...new Set(unreadable)] }
    cursor = page.cursor
    const changes = page.accounts.flatMap((base) => {
      const next = rewrap(base, box)
      if (!next) unreadable.push(base.id)
      return next && next !== base ? [{ base, next }] : []
    })
    if (changes.length > 0) rewrapped += (await store.save(changes, now())).length
  }
}

/** The account under the current key; the same object if it is; undefined if it cannot be read. */
function rewrap(account: Account, box: SecretBox): Account | undefined {
  const { credentialHash, sealedCredential, sealedProxyUrl } = account
  try {
    const credential = box.rewrap(sealedCredential, credentialHash)
    const proxyUrl = sealedProxyUrl === null ? null : box.rewrap(sealedProxyUrl, credentialHash)
    if (credential === sealedCredential && proxyUrl === sealedProxyUrl) return account
    return { ...account, sealedCredential: credential, sealedProxyUrl: proxyUrl }
  } catch {
    return undefined // counted and named by the caller; another key may be missing
  }
}
