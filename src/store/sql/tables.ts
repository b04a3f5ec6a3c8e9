import type { Generated } from 'kysely'

/** One account as it lies in SQL. Lists and records are JSON text; times are epoch milliseconds. */
export interface AccountTable {
  id: Generated<number>
  credential_hash: string
  sealed_credential: string
  tier: string
  tags: string
  status: string
  state: string
  health: number
  health_at: number
  streak: string | null
  coolings: number
  mode_cooldowns: string
  quota: string
  success_count: number
  failure_count: number
  last_used_at: number | null
  last_failure: string | null
  created_at: number
  updated_at: number
  revision: number
}

/** Counters of the store itself; `revision` is the only one so far. */
export interface CounterTable {
  name: string
  value: number
}

/** The tables that the queries are typed against. */
export interface Tables {
  accounts: AccountTable
  counters: CounterTable
}
