import type { LeaseStore } from '../contract.ts'
import type { RedisConnection } from './connection.ts'
import { acquireLease, releaseLease } from './lease-scripts.ts'
import { parseNumber } from './replies.ts'

/** Named leases on Redis. */
export function createRedisLeaseStore(redis: RedisConnection): LeaseStore {
  return {
    acquire: async (name, { holder, until }, now) => {
      const token = parseNumber(await redis.run(acquireLease, [name, holder, until, now]))
      return token > 0 ? { token } : undefined
    },
    release: async (name, holder) => {
      await redis.run(releaseLease, [name, holder])
    },
  }
}
