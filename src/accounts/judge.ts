import type { Account, StateCause } from '../core/account.ts'

/**
 * What a failure outside of a request says about an account: only what is certain counts, a dead login or a block
 * (spec/upstream-chat.md §8.4). Everything else, a proxy or the edge in between, leaves it alone.
 */
export function judge(account: Account, cause: StateCause): Account {
  if (account.state.status !== 'active' && account.state.status !== 'cooling') return account
  if (cause.code === 'credential_invalid') return { ...account, state: { status: 'needs-login', cause } }
  if (cause.code === 'account_blocked') return { ...account, state: { status: 'suspended', cause } }
  return account
}
