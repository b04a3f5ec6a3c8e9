import { z } from 'zod'
import type { AuditEntry } from '../../core/audit.ts'
import type { AuditFilter, AuditStore } from '../contract.ts'
import type { RedisConnection } from './connection.ts'
import { listNewest, type LogEntry } from './log-entries.ts'
import { appendAudit, pruneAudit } from './log-scripts.ts'
import { parseNumber } from './replies.ts'
import { removeInParts } from './remove-in-parts.ts'

/** Entries that are looked at in one go when some are sought by their action. */
const ENTRIES_PER_READ = 500

const LOG = 'audit'

const stored = z.object({
  at: z.number(),
  actor: z.string(),
  address: z.string(),
  action: z.string(),
  requestId: z.string(),
  detail: z.json(),
  status: z.number(),
})

/** The operators' actions on Redis. */
export function createRedisAuditStore(redis: RedisConnection): AuditStore {
  return {
    append: async (entry) => {
      const id = parseNumber(await redis.run(appendAudit, [entry.at, JSON.stringify(entry)]))
      return { ...entry, id }
    },
    list: (filter) => list(redis, filter),
    prune: (before) => removeInParts(redis, pruneAudit, before),
  }
}

/** Reads from the newest on until there are enough of the wanted ones. */
async function list(
  redis: RedisConnection,
  { limit, beforeId, action }: AuditFilter,
): Promise<readonly AuditEntry[]> {
  if (action === undefined) return (await listNewest(redis, LOG, { limit, beforeId })).map(parseEntry)
  const found: AuditEntry[] = []
  for (let before = beforeId; found.length < limit;) {
    const page = await listNewest(redis, LOG, { limit: ENTRIES_PER_READ, beforeId: before })
    const entries = page.map(parseEntry)
    found.push(...entries.filter((entry) => isWanted(entry.action, action)))
    before = entries.at(-1)?.id
    if (before === undefined) break
  }
  return found.slice(0, limit)
}

function isWanted(action: string, wanted: string): boolean {
  return wanted.endsWith('*') ? action.startsWith(wanted.slice(0, -1)) : action === wanted
}

function parseEntry({ id, text }: LogEntry): AuditEntry {
  return { ...stored.parse(JSON.parse(text)), id }
}
