import { addAccounts } from '../accounts/add-accounts.ts'
import { parseImportFile } from '../accounts/import-file.ts'
import { parseStartup } from '../config/startup.ts'
import { systemClock } from '../util/clock.ts'
import { tiers, type Tier } from '../core/model.ts'
import { openBox, openStore } from './open-parts.ts'
import { prepareDataDir } from './prepare-data-dir.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `grok2api import <file> [--tier basic|super|heavy]`: adds the accounts of a file; returns the exit code. */
export async function importAccounts(args: readonly string[], environment: Environment): Promise<number> {
  const options = parseArguments(args)
  if (!options) {
    console.error(`usage: grok2api import <file> [--tier ${tiers.join('|')}]`)
    return 2
  }
  const file = Bun.file(options.path)
  if (!(await file.exists())) {
    console.error(`there is no file ${options.path}`)
    return 2
  }
  const { entries, faults } = parseImportFile(await file.text(), options.tier)
  for (const { place, reason } of faults) console.error(`${place}: ${reason}`)
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const store = await openStore(startup)
  try {
    const { added, existing, revived } = await addAccounts(store, openBox(startup), entries, systemClock())
    console.log(`${added} added, ${existing} already there, ${revived} revived, ${faults.length} refused`)
  } finally {
    await store.close()
  }
  return faults.length > 0 ? 1 : 0
}

function parseArguments(args: readonly string[]): { path: string; tier: Tier } | undefined {
  const [path, flag, value] = args
  if (path === undefined || path.startsWith('-')) return undefined
  if (flag === undefined) return { path, tier: 'basic' }
  const tier = tiers.find((tier) => tier === value)
  return flag === '--tier' && tier ? { path, tier } : undefined
}
