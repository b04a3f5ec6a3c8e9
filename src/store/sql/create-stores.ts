import type { SettingsPersistence } from '../../core/settings-document.ts'
import type { Stores } from '../contract.ts'
import { createSqlAccountStore } from './account-store.ts'
import { createSqlAuditStore } from './audit-store.ts'
import type { SqlDatabase } from './database.ts'
import { createSqlInFlightStore } from './in-flight-store.ts'
import { createSqlJobStore } from './job-store.ts'
import { createSqlLeaseStore } from './lease-store.ts'
import { createSqlResponseStore } from './response-store.ts'
import { createSqlSettings, createSqlSettingsHistory } from './settings-store.ts'

/** What the engines do in their own ways. */
export interface SqlParts extends Pick<Stores, 'watch'> {
  /** Settings that are kept elsewhere. */
  readonly settings?: SettingsPersistence
  /** Closes what an engine has open beside the database. */
  close?(): Promise<void>
}

/** All stores on one database whose schema is up to date. */
export function createSqlStores(database: SqlDatabase, parts: SqlParts): Stores {
  const watches = new Set<() => Promise<void>>()
  return {
    accounts: createSqlAccountStore(database),
    settings: parts.settings ?? createSqlSettings(database),
    settingsHistory: createSqlSettingsHistory(database),
    jobs: createSqlJobStore(database),
    audit: createSqlAuditStore(database),
    leases: createSqlLeaseStore(database),
    responses: createSqlResponseStore(database),
    inFlight: createSqlInFlightStore(database),
    watch: async (onChange) => {
      const stop = await parts.watch(onChange)
      watches.add(stop)
      return async () => {
        watches.delete(stop)
        await stop()
      }
    },
    ping: () => database.ping(),
    close: async () => {
      for (const stop of watches) await stop()
      await parts.close?.()
      await database.db.destroy()
    },
  }
}
