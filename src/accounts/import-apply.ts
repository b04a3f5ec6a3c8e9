import type { Account } from '../core/account.ts'
import type { Tier } from '../core/model.ts'
import type { AccountStore } from '../store/contract.ts'
import type { SecretBox } from '../util/secret-box.ts'
import { sealEntry } from './add-accounts.ts'
import { hashCredential } from './credential.ts'
import type { AccountDirectory } from './directory.ts'
import type { ImportEntry, ImportItem } from './import-entry.ts'
import { applyProfile, type ProfileChange } from './import-profile.ts'

/** Accounts per transaction. */
const BATCH_SIZE = 1000

/** What to do with accounts that are here already: leave them, change what the file says, or also delete the others. */
export const importModes = ['append', 'update', 'replace'] as const
export type ImportMode = (typeof importModes)[number]

/** What became, or would become, of one line or item. */
export interface ImportVerdict {
  readonly place: string
  verdict: 'added' | 'updated' | 'existing' | 'refused'
  readonly reason?: string
  /** Of the account; absent where there is none yet. */
  id?: number
}

/** What an import did, or would do. */
export interface ImportReport {
  /** In the order of the items. */
  readonly verdicts: readonly ImportVerdict[]
  /** Accounts of the named pools that are not in the file. */
  readonly deleted: number
}

/** What an import works on. */
export interface ImportParts {
  readonly directory: Pick<AccountDirectory, 'find' | 'accounts' | 'change'>
  readonly store: AccountStore
  readonly box: SecretBox
  readonly flushAccounts: () => Promise<void>
  readonly syncAccounts: (signal: AbortSignal) => Promise<boolean>
}

/** What is to be imported, and how. */
export interface ImportPlan {
  readonly items: readonly ImportItem[]
  readonly mode: ImportMode
  /** Whose other accounts are deleted by `replace`. */
  readonly pools: readonly Tier[]
  readonly dryRun: boolean
  readonly now: number
  /** How an account is marked as deleted. */
  readonly softDelete: (account: Account) => Account
}

interface Work {
  readonly verdicts: ImportVerdict[]
  readonly adds: { readonly entry: ImportEntry; readonly verdict: ImportVerdict }[]
  readonly edits: { readonly id: number; readonly change: ProfileChange }[]
  readonly deletes: readonly number[]
}

/** Imports accounts; a dry run says what would happen and writes nothing. */
export async function applyImport(
  parts: ImportParts,
  plan: ImportPlan,
  signal: AbortSignal,
): Promise<ImportReport> {
  await parts.syncAccounts(signal)
  const work = planWork(parts, plan)
  const report = { verdicts: work.verdicts, deleted: work.deletes.length }
  if (plan.dryRun) return report
  for (let start = 0; start < work.adds.length; start += BATCH_SIZE) {
    const batch = work.adds.slice(start, start + BATCH_SIZE)
    const results = await parts.store.add(
      batch.map(({ entry }) => sealEntry(entry, parts.box)),
      plan.now,
    )
    results.forEach(({ id, outcome }, index) => {
      const verdict = batch[index]?.verdict
      if (!verdict) return
      verdict.id = id
      if (outcome === 'existing') verdict.verdict = 'existing' // added by somebody else meanwhile
    })
  }
  const { directory, box } = parts
  for (const { id, change } of work.edits)
    directory.change(id, (account) => applyProfile(account, change, box))
  for (const id of work.deletes) directory.change(id, plan.softDelete)
  await parts.flushAccounts()
  await parts.syncAccounts(signal)
  return report
}

function planWork(parts: ImportParts, { items, mode, pools }: ImportPlan): Work {
  const { directory, box } = parts
  const known = new Map<string, Account>()
  for (const account of directory.accounts()) known.set(account.credentialHash, account)
  const seen = new Set<string>()
  const work: Omit<Work, 'deletes'> = { verdicts: [], adds: [], edits: [] }
  for (const item of items) {
    if (item.type === 'fault') {
      work.verdicts.push({ place: item.place, verdict: 'refused', reason: item.reason })
      continue
    }
    const { place, entry } = item
    const hash = hashCredential(entry.credential)
    const account = known.get(hash)
    const isTwice = seen.has(hash)
    seen.add(hash)
    const verdict = judge(place, account, isTwice)
    work.verdicts.push(verdict)
    if (isTwice) continue
    if (!account) work.adds.push({ entry, verdict })
    else if (mode !== 'append') {
      const change = changeOf(item)
      if (applyProfile(account, change, box) === account) continue
      verdict.verdict = 'updated'
      work.edits.push({ id: account.id, change })
    }
  }
  const deletes = mode === 'replace' ? findOthers(known.values(), pools, seen) : []
  return { ...work, deletes }
}

function judge(place: string, account: Account | undefined, isTwice: boolean): ImportVerdict {
  if (isTwice) return { place, verdict: 'existing', reason: 'stands in the file twice' }
  return account ? { place, verdict: 'existing', id: account.id } : { place, verdict: 'added' }
}

/** What the file says of an account; what it does not say stays. */
function changeOf({ entry, namesTier }: ImportItem & { readonly type: 'entry' }): ProfileChange {
  return {
    ...entry.profile,
    ...(entry.tags.length > 0 && { tags: entry.tags }),
    ...(namesTier && { tier: entry.tier }),
  }
}

function findOthers(
  accounts: Iterable<Account>,
  pools: readonly Tier[],
  kept: ReadonlySet<string>,
): readonly number[] {
  return [...accounts]
    .filter(({ tier, credentialHash }) => pools.includes(tier) && !kept.has(credentialHash))
    .map(({ id }) => id)
}

/** How many items there are of each verdict. */
export function countVerdicts(
  verdicts: readonly ImportVerdict[],
): Readonly<Record<ImportVerdict['verdict'], number>> {
  const counts = { added: 0, updated: 0, existing: 0, refused: 0 }
  for (const { verdict } of verdicts) counts[verdict]++
  return counts
}
