import { accountEditRoutes } from './account-edit-routes.ts'
import { accountListRoutes } from './account-list-routes.ts'
import type { AccountRouteParts } from './account-parts.ts'
import { accountStateRoutes } from './account-state-routes.ts'
import { backupRoutes, type BackupParts } from './backup-routes.ts'
import { importRoutes } from './import-routes.ts'
import type { AdminRoute } from './route.ts'

/** What the routes about accounts need of the gateway. */
export interface AccountParts extends AccountRouteParts, BackupParts {}

/** Everything that an operator does with accounts. */
export function accountRoutes(parts: AccountParts): readonly AdminRoute[] {
  return [
    ...accountStateRoutes(parts), // has `/tokens/deleted`, which `/tokens/:id` of the list would catch
    ...accountListRoutes(parts),
    ...accountEditRoutes(parts),
    ...importRoutes(parts),
    ...backupRoutes(parts),
  ]
}
