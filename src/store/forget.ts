import type { Stores } from './contract.ts'

const DAY_MS = 86_400_000

/** How long ended tasks, operators' actions and deleted accounts are kept. */
export const RETENTION_DAYS = { tasks: 14, audit: 365, deletedAccounts: 30 } as const

/** Removes for good what is older than it is kept (`RETENTION_DAYS`, or its own time). */
export async function forget({ jobs, audit, accounts, responses }: Stores, now: number): Promise<void> {
  await jobs.prune({ endedBefore: now - RETENTION_DAYS.tasks * DAY_MS })
  await audit.prune(now - RETENTION_DAYS.audit * DAY_MS)
  await responses.prune(now)
  await accounts.purge(now - RETENTION_DAYS.deletedAccounts * DAY_MS)
}
