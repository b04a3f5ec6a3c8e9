import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { errorCodes } from '../../core/error.ts'
import { modes, tiers } from '../../core/model.ts'
import type { AccountTable } from './tables.ts'

type AccountRow = Selectable<AccountTable>

const cause = z.object({ code: z.enum([...errorCodes, 'operator']), evidence: z.string(), at: z.number() })

const state = z.discriminatedUnion('status', [
  z.object({ status: z.literal('active') }),
  z.object({ status: z.literal('cooling'), until: z.number(), cause }),
  z.object({ status: z.literal('needs-login'), cause }),
  z.object({ status: z.literal('suspended'), cause }),
  z.object({ status: z.literal('disabled'), cause }),
  z.object({ status: z.literal('deleted'), cause }),
])

const quotaWindow = z.object({
  remaining: z.number(),
  total: z.number(),
  windowSeconds: z.number(),
  resetAt: z.number().nullable(),
  syncedAt: z.number().nullable(),
  source: z.enum(['default', 'real', 'estimated']),
})

const parts = {
  state,
  tier: z.enum(tiers),
  tags: z.array(z.string()),
  streak: z.object({ count: z.number(), startedAt: z.number() }),
  modeCooldowns: z.partialRecord(z.enum(modes), z.object({ until: z.number(), cause })),
  quota: z.partialRecord(z.enum(modes), quotaWindow),
  cause,
}

/** A stored row in our words; throws if the row is not one that this program writes. */
export function parseAccountRow(row: AccountRow): Account {
  return {
    id: row.id,
    credentialHash: row.credential_hash,
    sealedCredential: row.sealed_credential,
    tier: parts.tier.parse(row.tier),
    tags: parts.tags.parse(JSON.parse(row.tags)),
    state: parts.state.parse(JSON.parse(row.state)),
    health: row.health,
    healthAt: row.health_at,
    streak: row.streak === null ? null : parts.streak.parse(JSON.parse(row.streak)),
    coolings: row.coolings,
    modeCooldowns: parts.modeCooldowns.parse(JSON.parse(row.mode_cooldowns)),
    quota: parts.quota.parse(JSON.parse(row.quota)),
    successCount: row.success_count,
    failureCount: row.failure_count,
    lastUsedAt: row.last_used_at,
    lastFailure: row.last_failure === null ? null : parts.cause.parse(JSON.parse(row.last_failure)),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    revision: row.revision,
  }
}

/** An account as a row, but for its id. */
export function encodeAccountRow(account: Account): Omit<AccountRow, 'id'> {
  return {
    credential_hash: account.credentialHash,
    sealed_credential: account.sealedCredential,
    tier: account.tier,
    tags: JSON.stringify(account.tags),
    status: account.state.status,
    state: JSON.stringify(account.state),
    health: account.health,
    health_at: account.healthAt,
    streak: account.streak === null ? null : JSON.stringify(account.streak),
    coolings: account.coolings,
    mode_cooldowns: JSON.stringify(account.modeCooldowns),
    quota: JSON.stringify(account.quota),
    success_count: account.successCount,
    failure_count: account.failureCount,
    last_used_at: account.lastUsedAt,
    last_failure: account.lastFailure === null ? null : JSON.stringify(account.lastFailure),
    created_at: account.createdAt,
    updated_at: account.updatedAt,
    revision: account.revision,
  }
}
