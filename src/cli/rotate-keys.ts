import { rewrapAccounts } from '../accounts/rewrap-accounts.ts'
import { parseStartup } from '../config/startup.ts'
import { addSecretKey, dropOldSecretKeys, loadSecretKeys } from '../store/secret-key.ts'
import type { AccountStore } from '../store/contract.ts'
import { systemClock } from '../util/clock.ts'
import type { SecretBox } from '../util/secret-box.ts'
import { keySource, openBox, openStores } from './open-parts.ts'
import { prepareDataDir } from './prepare-data-dir.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Passes over the accounts at most; each but the last finds what running processes have sealed with an old key since. */
const MAX_PASSES = 10

/** Longer than a running process takes to notice a new key. */
const PAUSE_BETWEEN_PASSES_MS = 4_000

/**
 * `grok2api keys rotate`: makes a new master key and puts every stored secret under it, while gateways run. One that was
 * broken off goes on where it was. With `GROK2API_SECRET_KEY` the new key is that variable's, the old one
 * `GROK2API_SECRET_KEY_OLD`'s. Returns the exit code.
 */
export async function rotateKeys(environment: Environment): Promise<number> {
  const startup = parseStartup(environment)
  prepareDataDir(startup.dataDir)
  const isInFile = startup.secretKey === undefined
  const isBrokenOff = loadSecretKeys(keySource(startup)).length > 1
  if (isInFile && !isBrokenOff) addSecretKey(startup.dataDir)
  const box = openBox(startup)
  const stores = await openStores(startup)
  try {
    const isDone = await rewrapAll(stores.accounts, box)
    if (!isDone) return 1
    if (isInFile) dropOldSecretKeys(startup.dataDir)
    console.log(isInFile ? 'the old key is gone' : 'GROK2API_SECRET_KEY_OLD is no longer needed')
    return 0
  } finally {
    await stores.close()
  }
}

/** Passes until one finds nothing to do; false, with the reason said, if some secrets cannot be put under the new key. */
async function rewrapAll(store: AccountStore, box: SecretBox): Promise<boolean> {
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    const { rewrapped, unreadable } = await rewrapAccounts(store, box, systemClock)
    console.log(`pass ${pass}: ${rewrapped} accounts were put under key ${box.keyId}`)
    if (unreadable.length > 0) {
      console.error(
        `these accounts cannot be read with any key: ${unreadable.join(', ')}; the old key is kept`,
      )
      return false
    }
    if (rewrapped === 0 && pass > 1) return true
    await Bun.sleep(PAUSE_BETWEEN_PASSES_MS)
  }
  console.error(
    'secrets under an old key keep appearing: is a gateway running with another GROK2API_SECRET_KEY?',
  )
  return false
}
