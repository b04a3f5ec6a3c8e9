import type { AccountStore } from '../store/contract.ts'
import type { V2Account } from '../store/v2/v2-record.ts'
import type { SecretBox } from '../util/secret-box.ts'
import { CredentialError, parseCredential } from './credential.ts'
import type { ImportEntry, ImportFault } from './import-entry.ts'
import { parseTier } from './parse-tier.ts'
import { sealEntry } from './add-accounts.ts'
import { carryOver } from './v2-accounts.ts'

/** Accounts per transaction. */
const BATCH_SIZE = 500

/** What a move-in would do, or has done. */
export interface MoveInReport {
  readonly added: number
  /** Here already, by their credential; left as they are. */
  readonly existing: number
  readonly faults: readonly ImportFault[]
}

interface Mover {
  readonly entry: ImportEntry
  readonly old: V2Account
}

/** What of these accounts can be moved in; the faults name places, never tokens. */
export function planMoveIn(accounts: readonly V2Account[]): {
  movers: readonly Mover[]
  faults: readonly ImportFault[]
} {
  const movers: Mover[] = []
  const faults: ImportFault[] = []
  accounts.forEach((old, index) => {
    const tier = parseTier(old.pool)
    const place = `account ${index + 1}`
    try {
      const credential = parseCredential(old.token)
      if (tier) movers.push({ entry: { credential, tier, tags: old.tags }, old })
      else faults.push({ place, reason: `is in the pool ${old.pool}, which there is not` })
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error
      faults.push({ place, reason: error.message })
    }
  })
  return { movers, faults }
}

/** Adds the accounts of version 2 with their state, windows and counts. Running it again adds nothing twice. */
export async function moveIn(
  { store, box, now }: { readonly store: AccountStore; readonly box: SecretBox; readonly now: () => number },
  accounts: readonly V2Account[],
): Promise<MoveInReport> {
  const { movers, faults } = planMoveIn(accounts)
  let added = 0
  for (let start = 0; start < movers.length; start += BATCH_SIZE) {
    const batch = movers.slice(start, start + BATCH_SIZE)
    const results = await store.add(
      batch.map(({ entry, old }) => carryOver(sealEntry(entry, box), old, now())),
      now(),
    )
    added += results.filter(({ outcome }) => outcome !== 'existing').length
  }
  return { added, existing: movers.length - added, faults }
}
