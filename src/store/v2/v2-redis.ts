import { createClient } from 'redis'
import { V2SourceError, type V2Source } from './v2-source.ts'

const RECORD_KEYS = 'accounts:record:*'
const SCAN_COUNT = 1000

/** The Redis keys of version 2 (spec/control-plane.md §3.4); only SCAN and HGETALL are sent. */
export async function openV2Redis(url: string): Promise<V2Source> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined) // every command rejects by itself
  try {
    await client.connect()
  } catch (error) {
    throw new V2SourceError('the Redis server cannot be reached', { cause: error })
  }
  return {
    rows: async function* () {
      // a key may be scanned twice
      const seen = new Set<string>()
      for await (const keys of client.scanIterator({ MATCH: RECORD_KEYS, COUNT: SCAN_COUNT })) {
        const fresh = keys.filter((key) => !seen.has(key))
        for (const key of fresh) seen.add(key)
        if (fresh.length > 0) yield await Promise.all(fresh.map((key) => client.hGetAll(key)))
      }
    },
    close: async () => client.destroy(),
  }
}
