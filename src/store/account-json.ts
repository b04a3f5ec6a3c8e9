import { z } from 'zod'
import type { Account } from '../core/account.ts'
import { errorCodes } from '../core/error.ts'
import { modes, tiers } from '../core/model.ts'
import { reasons } from '../core/reason.ts'
import { shareParts } from './share-parts.ts'

const cause = z.object({
  code: z.enum([...errorCodes, 'operator', 'recovered']),
  reason: z.enum(reasons).optional(),
  evidence: z.string(),
  at: z.number(),
})

const state = z.discriminatedUnion('status', [
  z.object({ status: z.literal('active') }),
  z.object({ status: z.literal('cooling'), until: z.number(), cause }),
  z.object({ status: z.literal('needs-login'), cause }),
  z.object({ status: z.literal('suspended'), cause }),
  z.object({ status: z.literal('disabled'), cause }),
  z.object({ status: z.literal('deleted'), cause }),
])

const status = z.enum(['active', 'cooling', 'needs-login', 'suspended', 'disabled', 'deleted'])

const quotaWindow = z.object({
  remaining: z.number(),
  total: z.number(),
  windowSeconds: z.number(),
  resetAt: z.number().nullable(),
  syncedAt: z.number().nullable(),
  source: z.enum(['default', 'real', 'estimated']),
})

const account = z.object({
  id: z.number(),
  credentialHash: z.string(),
  sealedCredential: z.string(),
  tier: z.enum(tiers),
  label: z.string(),
  notes: z.string(),
  groups: z.array(z.string()),
  tags: z.array(z.string()),
  priority: z.number(),
  maxInFlight: z.number().nullable(),
  pinnedTier: z.enum(tiers).nullable(),
  sealedProxyUrl: z.string().nullable(),
  email: z.string().nullable(),
  upstreamUserId: z.string().nullable(),
  tierDoubt: z.object({ tier: z.enum(tiers), count: z.number() }).nullable(),
  syncedAt: z.number().nullable(),
  history: z.array(z.object({ from: status, to: status, cause })),
  state,
  health: z.number(),
  healthAt: z.number(),
  streak: z.object({ count: z.number(), startedAt: z.number() }).nullable(),
  coolings: z.number(),
  modeCooldowns: z.partialRecord(z.enum(modes), z.object({ until: z.number(), cause })),
  quota: z.partialRecord(z.enum(modes), quotaWindow),
  successCount: z.number(),
  failureCount: z.number(),
  lastUsedAt: z.number().nullable(),
  lastFailure: cause.nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  revision: z.number(),
})

/** An account as text, for any back end; secrets in it are sealed. */
export function encodeAccount(value: Account): string {
  return JSON.stringify(value)
}

/** The account in a text of {@link encodeAccount}; throws if it is not one that this program writes. */
export function parseAccount(text: string): Account {
  return shareParts(account.parse(JSON.parse(text)))
}
