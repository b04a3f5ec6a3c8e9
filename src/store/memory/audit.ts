import type { AuditEntry } from '../../core/audit.ts'
import type { AuditStore } from '../contract.ts'

/** An audit log that lives in this process only. */
export function createMemoryAuditStore(): AuditStore {
  let entries: readonly AuditEntry[] = []
  let lastId = 0
  return {
    append: async (entry) => {
      const appended = { ...entry, id: ++lastId }
      entries = [...entries, appended]
      return appended
    },
    list: async ({ limit, beforeId = Number.POSITIVE_INFINITY, action }) =>
      entries
        .filter((entry) => entry.id < beforeId && isWanted(entry.action, action))
        .toReversed()
        .slice(0, limit),
    prune: async (before) => {
      const kept = entries.filter(({ at }) => at >= before)
      const removed = entries.length - kept.length
      entries = kept
      return removed
    },
  }
}

function isWanted(action: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  return wanted.endsWith('*') ? action.startsWith(wanted.slice(0, -1)) : action === wanted
}
