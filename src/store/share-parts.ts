import type { Account, AccountState } from '../core/account.ts'
import type { Quota } from '../core/quota.ts'

/** Untouched quotas that are kept for sharing; there is one per tier and version of the defaults. */
const MAX_SHARED_QUOTAS = 64

const active: AccountState = { status: 'active' }
const noCooldowns: Account['modeCooldowns'] = {}
const nothing: readonly never[] = []
const quotas = new Map<string, Quota>()

/**
 * The account with those parts that most accounts have alike replaced by one copy for all: accounts are never changed in
 * place, and of 100,000 that were never used each would hold a dozen small objects of its own.
 */
export function shareParts(account: Account): Account {
  const { state, modeCooldowns, groups, tags, history, quota } = account
  return Object.assign(account, {
    state: state.status === 'active' ? active : state,
    modeCooldowns: Object.keys(modeCooldowns).length === 0 ? noCooldowns : modeCooldowns,
    groups: groups.length === 0 ? nothing : groups,
    tags: tags.length === 0 ? nothing : tags,
    history: history.length === 0 ? nothing : history,
    quota: shareQuota(quota),
  })
}

function shareQuota(quota: Quota): Quota {
  if (!Object.values(quota).every(({ source, resetAt }) => source === 'default' && resetAt === null))
    return quota
  const key = JSON.stringify(quota)
  const shared = quotas.get(key)
  if (shared) return shared
  if (quotas.size < MAX_SHARED_QUOTAS) quotas.set(key, quota)
  return quota
}
