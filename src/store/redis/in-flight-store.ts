import type { InFlightStore } from '../contract.ts'
import type { RedisConnection } from './connection.ts'
import { beatHolder, enterAccount, leaveAccount } from './in-flight-scripts.ts'
import { parseNumber } from './replies.ts'

/** Requests in flight on Redis. */
export function createRedisInFlightStore(redis: RedisConnection): InFlightStore {
  return {
    enter: async (accountId, cap, { holder, until }, now) =>
      parseNumber(await redis.run(enterAccount, [accountId, cap, holder, until, now])) > 0,
    leave: async (accountId, holder) => {
      await redis.run(leaveAccount, [accountId, holder])
    },
    beat: async ({ holder, until }, now) => {
      await redis.run(beatHolder, [holder, until, now])
    },
  }
}
