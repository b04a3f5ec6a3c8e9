import { moveIn, planMoveIn } from '../accounts/move-in.ts'
import { SettingsFaultError } from '../config/settings-patch.ts'
import { SettingsService } from '../config/settings.ts'
import { parseStartup } from '../config/startup.ts'
import { ConfigFile } from '../store/config-file.ts'
import { openV2Source, readV2Accounts } from '../store/v2/v2-source.ts'
import { systemClock } from '../util/clock.ts'
import { openBox, openStores } from './open-parts.ts'
import { prepareDataDir } from './prepare-data-dir.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface MoveInOptions {
  /** Where version 2 keeps its accounts: a file, or an address. */
  readonly from?: string
  /** The `config.toml` of version 2. */
  readonly config?: string
  /** Only says what would be done. */
  readonly dryRun: boolean
}

/** `grok2api import --from … [--config …] [--dry-run]`: takes over a version 2 installation, which is only read. */
export async function moveInVersion2(options: MoveInOptions, environment: Environment): Promise<number> {
  const accountFaults =
    options.from === undefined ? 0 : await moveAccounts(options.from, options.dryRun, environment)
  const settingFaults =
    options.config === undefined ? 0 : await moveSettings(options.config, options.dryRun, environment)
  return accountFaults + settingFaults > 0 ? 1 : 0
}

async function moveAccounts(from: string, dryRun: boolean, environment: Environment): Promise<number> {
  const source = await openV2Source(from)
  try {
    const { accounts, unreadable } = await readV2Accounts(source)
    if (unreadable > 0) console.error(`${unreadable} rows are no accounts`)
    const { movers, faults } = planMoveIn(accounts)
    for (const { place, reason } of faults) console.error(`${place}: ${reason}`)
    if (dryRun) console.log(`dry run: ${movers.length} accounts would be moved in, ${faults.length} refused`)
    else await storeAccounts(environment, accounts)
    return unreadable + faults.length
  } finally {
    await source.close()
  }
}

async function storeAccounts(
  environment: Environment,
  accounts: Parameters<typeof moveIn>[1],
): Promise<void> {
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const stores = await openStores(startup)
  try {
    const parts = { store: stores.accounts, box: openBox(startup), now: systemClock }
    const { added, existing, faults } = await moveIn(parts, accounts)
    console.log(`${added} accounts moved in, ${existing} already there, ${faults.length} refused`)
  } finally {
    await stores.close()
  }
}

/** Saves every setting of the old file that is one here and has a good value; the others are named. */
async function moveSettings(path: string, dryRun: boolean, environment: Environment): Promise<number> {
  const startup = parseStartup(environment)
  const old = await SettingsService.open({ persistence: new ConfigFile({ path }), environment: {} })
  for (const { key, message } of old.warnings) console.error(`${path}: ${key} ${message}`)
  const patch = Object.fromEntries(old.storedValues())
  if (dryRun) {
    console.log(`dry run: ${Object.keys(patch).length} settings would be taken over`)
    return old.warnings.length
  }
  const stores = await openStores(startup)
  try {
    const settings = await SettingsService.open({ persistence: stores.settings, environment })
    await settings.save(patch)
    console.log(`${Object.keys(patch).length} settings taken over`)
    return old.warnings.length
  } catch (error) {
    if (!(error instanceof SettingsFaultError)) throw error
    for (const { key, message } of error.faults) console.error(`${key} ${message}`)
    return error.faults.length
  } finally {
    await stores.close()
  }
}
