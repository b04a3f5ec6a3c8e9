import type { LeaseStore } from '../contract.ts'

/** Named leases that live in this process only. */
export function createMemoryLeaseStore(): LeaseStore {
  const leases = new Map<
    string,
    { readonly holder: string; readonly until: number; readonly token: number }
  >()
  return {
    acquire: async (name, { holder, until }, now) => {
      const present = leases.get(name) ?? { holder: '', until: 0, token: 0 }
      if (present.holder !== holder && present.until > now) return undefined
      const token = present.holder === holder ? present.token : present.token + 1
      leases.set(name, { holder, until, token })
      return { token }
    },
    release: async (name, holder) => {
      const present = leases.get(name)
      if (present?.holder === holder) leases.set(name, { ...present, holder: '', until: 0 })
    },
  }
}
