import type { InFlightStore } from '../contract.ts'

interface Held {
  readonly count: number
  readonly until: number
}

/** Requests in flight, counted in this process only. */
export function createMemoryInFlightStore(): InFlightStore {
  const accounts = new Map<number, Map<string, Held>>()
  const holdersOf = (accountId: number): Map<string, Held> => {
    const holders = accounts.get(accountId) ?? new Map<string, Held>()
    accounts.set(accountId, holders)
    return holders
  }
  return {
    enter: async (accountId, cap, { holder, until }, now) => {
      const holders = holdersOf(accountId)
      for (const [other, held] of holders) if (held.until <= now) holders.delete(other)
      const inFlight = [...holders.values()].reduce((sum, held) => sum + held.count, 0)
      if (inFlight >= cap) return false
      holders.set(holder, { count: (holders.get(holder)?.count ?? 0) + 1, until })
      return true
    },
    leave: async (accountId, holder) => {
      const holders = holdersOf(accountId)
      const held = holders.get(holder)
      if (held && held.count > 1) holders.set(holder, { ...held, count: held.count - 1 })
      else holders.delete(holder)
    },
    beat: async ({ holder, until }, now) => {
      for (const holders of accounts.values()) {
        const held = holders.get(holder)
        if (held && held.until > now) holders.set(holder, { ...held, until })
      }
    },
  }
}
