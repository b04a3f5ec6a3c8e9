import type { ResponseStore, StoredResponse } from '../store/contract.ts'
import type { Clock } from '../util/clock.ts'

const DAY_MS = 86_400_000

const RESPONSE_ID = /^[\w-]{1,128}$/

/** An answer that is kept, without the bounds of its time. */
export type KeptResponse = Omit<StoredResponse, 'createdAt' | 'expiresAt'>

/** Kept answers, each seen by its owner only: to anybody else it is not there. */
export interface ResponseArchive {
  keep(response: KeptResponse): Promise<void>
  find(id: string, owner: string): Promise<KeptResponse | undefined>
  /** False if there was none. */
  remove(id: string, owner: string): Promise<boolean>
}

/** The archive over a store; how long answers are kept is asked anew for each. */
export function createResponseArchive(
  responses: ResponseStore,
  clock: Clock,
  retentionDays: () => number,
): ResponseArchive {
  const find: ResponseArchive['find'] = async (id, owner) => {
    // what no answer of ours is called need not be asked of a database
    if (!RESPONSE_ID.test(id)) return undefined
    const found = await responses.find(id, clock())
    return found?.owner === owner ? found : undefined
  }
  return {
    find,
    keep: (response) => {
      const now = clock()
      return responses.save({ ...response, createdAt: now, expiresAt: now + retentionDays() * DAY_MS })
    },
    remove: async (id, owner) => (await find(id, owner)) !== undefined && responses.remove(id),
  }
}
