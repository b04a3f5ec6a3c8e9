import { emptyProfile, freshCondition, untouched, type Account } from './account.ts'
import { defaultQuota, type QuotaWindow } from './quota.ts'

/** A moment to hold the clock at. */
export const NOW = 1_800_000_000_000

/** For tests: a well, unused basic account with id 1, changed as asked. */
export function accountForTests(changes: Partial<Account> = {}): Account {
  const id = changes.id ?? 1
  const tier = changes.tier ?? 'basic'
  return {
    ...freshCondition(defaultQuota(tier), NOW),
    id,
    credentialHash: `hash-${id}`,
    sealedCredential: `sealed-${id}`,
    tier,
    ...emptyProfile,
    ...untouched,
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...changes,
  }
}

/** For tests: a window of two hours with so many of ten queries left, changed as asked. */
export function windowForTests(remaining: number, changes: Partial<QuotaWindow> = {}): QuotaWindow {
  return {
    remaining,
    total: 10,
    windowSeconds: 7200,
    resetAt: null,
    syncedAt: null,
    source: 'default',
    ...changes,
  }
}
