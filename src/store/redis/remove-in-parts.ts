import type { RedisConnection } from './connection.ts'
import { parseNumber } from './replies.ts'
import type { RedisScript } from './script.ts'

/** What one script removes at most; the server does nothing else meanwhile. */
const REMOVED_AT_ONCE = 500

/** Runs a script that removes what is older than a time, up to a limit, until nothing is left; answers how many. */
export async function removeInParts(
  redis: RedisConnection,
  script: RedisScript,
  before: number,
): Promise<number> {
  for (let removed = 0; ;) {
    const part = parseNumber(await redis.run(script, [before, REMOVED_AT_ONCE]))
    removed += part
    if (part < REMOVED_AT_ONCE) return removed
  }
}
