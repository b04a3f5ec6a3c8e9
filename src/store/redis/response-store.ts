import { z } from 'zod'
import type { ResponseStore, StoredResponse } from '../contract.ts'
import type { RedisConnection } from './connection.ts'
import { parseNumber } from './replies.ts'

const stored = z.object({
  id: z.string(),
  owner: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  previousId: z.string().nullable(),
  accountId: z.number().nullable(),
  document: z.json(),
})
const text = z.string().nullable()

/** Kept answers on Redis, one key each (`response:<id>`); the server forgets them by itself. */
export function createRedisResponseStore(redis: RedisConnection): ResponseStore {
  const key = (id: string): string => `${redis.prefix}response:${id}`
  return {
    save: async (response) => {
      // a stretch of time, not a point in it: the server's clock need not agree with ours
      const lifeMs = Math.max(1, response.expiresAt - response.createdAt)
      await redis.send(['SET', key(response.id), JSON.stringify(response), 'PX', String(lifeMs)])
    },
    find: async (id, now) => {
      const response = parseResponse(await redis.send(['GET', key(id)]))
      return response && response.expiresAt > now ? response : undefined
    },
    remove: async (id) => parseNumber(await redis.send(['DEL', key(id)])) > 0,
    prune: async () => 0,
  }
}

function parseResponse(reply: unknown): StoredResponse | undefined {
  const json = text.parse(reply)
  return json === null ? undefined : stored.parse(JSON.parse(json))
}
