import type { ResponseStore, StoredResponse } from '../contract.ts'

/** Kept answers that live in this process only. */
export function createMemoryResponseStore(): ResponseStore {
  const responses = new Map<string, StoredResponse>()
  return {
    save: async (response) => {
      responses.set(response.id, structuredClone(response))
    },
    find: async (id, now) => {
      const response = responses.get(id)
      return response && response.expiresAt > now ? structuredClone(response) : undefined
    },
    remove: async (id) => responses.delete(id),
    prune: async (now) => {
      const lapsed = [...responses.values()].filter(({ expiresAt }) => expiresAt <= now)
      for (const { id } of lapsed) responses.delete(id)
      return lapsed.length
    },
  }
}
