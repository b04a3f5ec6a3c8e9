import { describeAccountStore } from './account-store-contract.ts'
import { describeAuditStore } from './audit-store-contract.ts'
import type { Stores } from './contract.ts'
import { describeJobStore } from './job-store-contract.ts'
import { describeResponseStore } from './response-store-contract.ts'
import { describeSettingsStore } from './settings-store-contract.ts'
import { describeSharing } from './sharing-contract.ts'

/** Every promise of the stores on one back end; `open` gives empty ones. */
export function describeStores(name: string, open: () => Promise<Stores>): void {
  describeAccountStore(`accounts on ${name}`, open)
  describeSettingsStore(`settings on ${name}`, open)
  describeJobStore(`jobs on ${name}`, open)
  describeAuditStore(`the audit log on ${name}`, open)
  describeResponseStore(`kept answers on ${name}`, open)
  describeSharing(`sharing on ${name}`, open)
}
