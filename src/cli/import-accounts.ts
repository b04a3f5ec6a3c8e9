import { addAccounts } from '../accounts/add-accounts.ts'
import { parseImportFile } from '../accounts/import-file.ts'
import { parseTier } from '../accounts/parse-tier.ts'
import { parseStartup } from '../config/startup.ts'
import { systemClock } from '../util/clock.ts'
import { tiers } from '../core/model.ts'
import { openBox, openStores } from './open-parts.ts'
import { prepareDataDir } from './prepare-data-dir.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `grok2api import <file> [--tier basic|super|heavy]`: adds the accounts of a file; returns the exit code. */
export async function importAccounts(
  path: string | undefined,
  tierName: string | undefined,
  environment: Environment,
): Promise<number> {
  const tier = parseTier(tierName ?? 'basic')
  if (path === undefined || !tier) {
    console.error(`usage: grok2api import <file> [--tier ${tiers.join('|')}]`)
    return 2
  }
  const file = Bun.file(path)
  if (!(await file.exists())) {
    console.error(`there is no file ${path}`)
    return 2
  }
  const { entries, faults } = parseImportFile(await file.text(), tier)
  for (const { place, reason } of faults) console.error(`${place}: ${reason}`)
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const stores = await openStores(startup)
  try {
    const { added, existing, revived } = await addAccounts(
      stores.accounts,
      openBox(startup),
      entries,
      systemClock(),
    )
    console.log(`${added} added, ${existing} already there, ${revived} revived, ${faults.length} refused`)
  } finally {
    await stores.close()
  }
  return faults.length > 0 ? 1 : 0
}
