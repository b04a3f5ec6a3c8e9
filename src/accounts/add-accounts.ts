import type { NewAccount } from '../core/account.ts'
import { defaultQuota } from '../core/quota.ts'
import type { AccountStore, AddedAccount } from '../store/contract.ts'
import type { SecretBox } from '../util/secret-box.ts'
import { hashCredential } from './credential.ts'
import type { ImportEntry } from './import-entry.ts'

/** Accounts per transaction. */
const BATCH_SIZE = 1000

/** How many accounts were new, known already, or deleted before and are back. */
export type AddCounts = Readonly<Record<AddedAccount['outcome'], number>>

/** Encrypts and stores accounts; those that are stored already are left as they are. */
export async function addAccounts(
  store: AccountStore,
  box: SecretBox,
  entries: readonly ImportEntry[],
  now: number,
): Promise<AddCounts> {
  const counts = { added: 0, existing: 0, revived: 0 }
  for (let start = 0; start < entries.length; start += BATCH_SIZE) {
    const batch = entries.slice(start, start + BATCH_SIZE).map((entry) => sealEntry(entry, box))
    for (const { outcome } of await store.add(batch, now)) counts[outcome]++
  }
  return counts
}

/** An entry as the store takes it. */
export function sealEntry({ credential, tier, tags, profile = {} }: ImportEntry, box: SecretBox): NewAccount {
  const credentialHash = hashCredential(credential)
  const { proxyUrl = null, ...said } = profile
  return {
    ...said,
    sealedProxyUrl: proxyUrl === null ? null : box.seal(proxyUrl, credentialHash),
    credentialHash,
    sealedCredential: box.seal(credential, credentialHash),
    tier,
    tags,
    quota: defaultQuota(tier),
  }
}
