import { z } from 'zod'
import {
  BACKUP_VERSION,
  backUpAccount,
  BackupError,
  encodeBackup,
  openBackup,
  restoreAccount,
  type BackupContent,
} from '../../accounts/backup.ts'
import { CredentialError } from '../../accounts/credential.ts'
import { accountFilter } from '../../accounts/query-accounts.ts'
import type { NewAccount } from '../../core/account.ts'
import type { Tier } from '../../core/model.ts'
import { softDelete } from './account-changes.ts'
import { nameActor } from './actor.ts'
import type { ConfigChangeParts } from './config-change.ts'
import { planSettingsRestore } from './restore-settings.ts'
import { fieldError, filterShape, parseFilter } from './account-filter.ts'
import {
  changeAccounts,
  MAX_ACCOUNTS_BODY_BYTES,
  openToken,
  type AccountRouteParts,
} from './account-parts.ts'
import { adminRoute, done, doneSchema, type AdminCall, type AdminRoute } from './route.ts'

/** What backups need beside the accounts. */
export interface BackupParts extends AccountRouteParts, ConfigChangeParts {}

/** About 90,000 accounts; the server itself takes no more than 128 MB. */
const MAX_BACKUP_BYTES = 120 * 1024 * 1024
const MAX_REFUSED = 1000
const MAX_PASSPHRASE_LENGTH = 1000
const MIN_PASSPHRASE_LENGTH = 8
/** Accounts per transaction. */
const BATCH_SIZE = 1000

const post = { method: 'post', policy: 'admin', maxBodyBytes: MAX_ACCOUNTS_BODY_BYTES } as const

const restoreBody = z.object({
  backup: z.unknown(),
  passphrase: z.string().max(MAX_PASSPHRASE_LENGTH).optional(),
  mode: z.enum(['append', 'replace']).default('append'),
  confirm: z
    .string()
    .max(MAX_PASSPHRASE_LENGTH)
    .optional()
    .meta({ description: 'Must be `replace` in that mode.' }),
  settings: z
    .boolean()
    .default(false)
    .meta({ description: 'Puts the settings of the backup in force, too, keys and passwords included.' }),
  dry_run: z.boolean().default(false),
})

/** Taking accounts out, and bringing back what was taken out whole. */
export function backupRoutes(parts: BackupParts): readonly AdminRoute[] {
  return [exportRoute(parts), backupRoute(parts), restoreRoute(parts)]
}

function exportRoute(parts: BackupParts): AdminRoute {
  const entry = z.object({ token: z.string(), tags: z.array(z.string()) })
  return adminRoute({
    ...post,
    path: '/export',
    audit: 'accounts.export',
    summary:
      'The tokens of the accounts that fit a filter, in the clear: by pools as JSON, or a token a line.',
    input: z.object({
      body: z.object({ ...filterShape, format: z.enum(['json', 'txt']) }),
    }),
    answer: z.record(z.string(), z.array(entry)).meta({ description: 'With txt, plain text.' }),
    handler: ({ body: { format, ...conditions } }, call) => {
      const pools: Partial<Record<Tier, z.input<typeof entry>[]>> = {}
      const isMatch = accountFilter(parseFilter(conditions))
      let count = 0
      for (const account of parts.directory.accounts()) {
        const token = isMatch(account) ? openToken(parts, account) : undefined
        if (token === undefined) continue
        count++
        const pool = (pools[account.tier] ??= [])
        pool.push({ token, tags: [...account.tags] })
      }
      call.note({ format, count })
      if (format === 'json') return pools
      const lines = Object.values(pools).flatMap((pool) => pool.map(({ token }) => `${token}\n`))
      return new Response(lines.join(''), { headers: { 'content-type': 'text/plain; charset=utf-8' } })
    },
  })
}

function backupRoute(parts: BackupParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/backup',
    audit: 'accounts.backup',
    summary:
      'All accounts with their full state, and the stored settings; encrypted unless that is declined.',
    input: z.object({
      body: z.object({
        passphrase: z.string().min(MIN_PASSPHRASE_LENGTH).max(MAX_PASSPHRASE_LENGTH).optional(),
        unencrypted: z.literal(true).optional().meta({ description: 'Every secret in the clear.' }),
      }),
    }),
    answer: z.record(z.string(), z.unknown()).meta({
      description: `{"grok2api_backup":${BACKUP_VERSION},"created_at","accounts":[…],"settings":{…}} or with "encrypted".`,
    }),
    handler: async ({ body: { passphrase, unencrypted } }, call) => {
      if ((passphrase === undefined) === (unencrypted === undefined)) {
        throw fieldError('passphrase', 'give one, or say "unencrypted": true')
      }
      const all = [...parts.directory.accounts()]
      const accounts = all.flatMap((account) => backUpAccount(account, parts.box) ?? [])
      call.note({ count: accounts.length, encrypted: passphrase !== undefined })
      if (accounts.length < all.length) call.note({ unreadable: all.length - accounts.length })
      return encodeBackup({ accounts, settings: parts.settings.stored }, parts.clock(), passphrase)
    },
  })
}

function restoreRoute(parts: BackupParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/restore',
    maxBodyBytes: MAX_BACKUP_BYTES,
    audit: 'accounts.restore-backup',
    summary: 'Brings back the accounts of a backup; those that are here stay, unless replace is confirmed.',
    input: z.object({ body: restoreBody }),
    answer: doneSchema.extend({
      mode: z.enum(['append', 'replace']),
      dry_run: z.boolean(),
      counts: z.object({
        added: z.number(),
        existing: z.number(),
        refused: z.number(),
        deleted: z.number(),
      }),
      refused: z.array(z.object({ index: z.number(), reason: z.string() })),
      settings: z
        .object({ restored: z.array(z.string()), locked: z.array(z.string()) })
        .optional()
        .meta({ description: 'Keys; those that an environment variable holds stay as they are.' }),
    }),
    handler: async ({ body }, call) => {
      if (body.mode === 'replace' && body.confirm !== 'replace') {
        throw fieldError('confirm', 'deletes accounts; confirm it with "replace"')
      }
      const content = await openDocument(body)
      const settings = body.settings ? planSettingsRestore(parts, content.settings) : undefined
      const read = readAccounts(parts, content.accounts)
      const { counts } = await restoreAll(parts, { ...read, mode: body.mode, dryRun: body.dry_run }, call)
      call.note({ mode: body.mode, dry_run: body.dry_run, ...counts, settings: settings?.keys.length ?? 0 })
      if (!body.dry_run) await settings?.apply(nameActor(call.actor))
      return {
        ...done,
        mode: body.mode,
        dry_run: body.dry_run,
        counts,
        refused: read.refused.slice(0, MAX_REFUSED),
        ...(settings && { settings: { restored: [...settings.keys], locked: [...settings.locked] } }),
      }
    },
  })
}

async function openDocument({ backup, passphrase }: z.output<typeof restoreBody>): Promise<BackupContent> {
  try {
    return await openBackup(backup, passphrase)
  } catch (error) {
    if (error instanceof BackupError) throw fieldError('backup', error.message)
    throw error
  }
}

interface ReadAccounts {
  readonly accounts: readonly NewAccount[]
  readonly refused: { index: number; reason: string }[]
}

function readAccounts({ box }: BackupParts, items: readonly unknown[]): ReadAccounts {
  const accounts: NewAccount[] = []
  const refused: { index: number; reason: string }[] = []
  items.forEach((item, index) => {
    try {
      accounts.push(restoreAccount(item, box))
    } catch (error) {
      if (!(error instanceof BackupError || error instanceof CredentialError)) throw error
      refused.push({ index, reason: error.message })
    }
  })
  return { accounts, refused }
}

interface RestorePlan extends ReadAccounts {
  readonly mode: 'append' | 'replace'
  readonly dryRun: boolean
}

async function restoreAll(
  parts: BackupParts,
  { accounts, refused, mode, dryRun }: RestorePlan,
  { signal }: AdminCall,
) {
  await parts.syncAccounts(signal)
  const here = new Map(
    Array.from(parts.directory.accounts(), ({ credentialHash, id }) => [credentialHash, id]),
  )
  const added = accounts.filter(({ credentialHash }) => !here.has(credentialHash))
  // to replace is to have the state of the backup: what is here goes, and comes back as it was
  const deletes = mode === 'replace' ? [...here.values()] : []
  const adds = mode === 'replace' ? accounts : added
  if (!dryRun) {
    const now = parts.clock()
    await changeAccounts(parts, { ids: deletes, edit: (account) => softDelete(account, now) })
    for (let start = 0; start < adds.length; start += BATCH_SIZE) {
      await parts.store.add(adds.slice(start, start + BATCH_SIZE), now)
    }
    await parts.syncAccounts(signal)
  }
  const existing = accounts.length - adds.length
  const kept = accounts.length - added.length
  const deleted = mode === 'replace' ? here.size - kept : 0
  return { counts: { added: adds.length, existing, refused: refused.length, deleted } }
}
