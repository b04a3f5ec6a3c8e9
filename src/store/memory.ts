import type { Stores } from './contract.ts'
import { createMemoryAccountStore } from './memory/accounts.ts'
import { createMemoryAuditStore } from './memory/audit.ts'
import { createMemoryInFlightStore } from './memory/in-flight.ts'
import { createMemoryJobStore } from './memory/jobs.ts'
import { createMemoryLeaseStore } from './memory/leases.ts'
import { createMemoryResponseStore } from './memory/responses.ts'
import { createMemorySettings, createMemorySettingsHistory } from './memory/settings.ts'

export { createMemoryAccountStore } from './memory/accounts.ts'

/** Stores that live in this process only: for tests, and the measure of the contract. */
export function createMemoryStores(): Stores {
  const accounts = createMemoryAccountStore()
  return {
    accounts,
    settings: createMemorySettings(),
    settingsHistory: createMemorySettingsHistory(),
    jobs: createMemoryJobStore(),
    audit: createMemoryAuditStore(),
    leases: createMemoryLeaseStore(),
    responses: createMemoryResponseStore(),
    inFlight: createMemoryInFlightStore(),
    // nobody else can change anything here
    watch: async () => async () => {},
    ping: () => accounts.ping(),
    close: () => accounts.close(),
  }
}
