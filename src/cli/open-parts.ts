import { ConfigFile } from '../store/config-file.ts'
import type { AppOptions } from '../app.ts'
import { SettingsService } from '../config/settings.ts'
import { parseStartup, type StartupOptions } from '../config/startup.ts'
import type { AccountStore } from '../store/contract.ts'
import { loadSecretKey } from '../store/secret-key.ts'
import { openSqliteAccountStore } from '../store/sql/sqlite.ts'
import { prepareDataDir } from './prepare-data-dir.ts'
import { SecretBox } from '../util/secret-box.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Opens what the app stands on, by the environment: settings, accounts, key. */
export async function openParts(environment: Environment): Promise<AppOptions> {
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const persistence = new ConfigFile({ path: startup.configLocalPath })
  const settings = await SettingsService.open({ persistence, environment })
  return { startup, settings, store: await openStore(startup), box: openBox(startup) }
}

/** The account store that `ACCOUNT_STORAGE` names. */
export function openStore({ accountStorage, accountLocalPath }: StartupOptions): Promise<AccountStore> {
  if (accountStorage === 'local') return openSqliteAccountStore(accountLocalPath)
  throw new Error(`ACCOUNT_STORAGE=${accountStorage} is not served by this version; use local`)
}

/** The box that credentials are sealed in. */
export function openBox({ dataDir, secretKey }: StartupOptions): SecretBox {
  return new SecretBox(
    loadSecretKey({ dataDir, ...(secretKey !== undefined && { fromEnvironment: secretKey }) }),
  )
}
