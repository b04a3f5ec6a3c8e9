import { z } from 'zod'
import { accountSchema } from '../state/accounts.ts'
import { MEDIA_KINDS } from '../state/media-quotas.ts'
import { MODES } from '../state/modes.ts'
import { quotaPatchSchema } from '../state/quotas.ts'
import { weeklyPoolSchema } from '../state/weekly-pools.ts'

/** Quota changes by mode; null removes the mode from the account. */
export const quotasPatchSchema = z.partialRecord(z.enum(MODES), quotaPatchSchema.nullable())

/** The same for media. */
export const mediaQuotasPatchSchema = z.partialRecord(z.enum(MEDIA_KINDS), quotaPatchSchema.nullable())

/** An account as callers write it: only the token is needed. */
export const accountInputSchema = z.strictObject({
  token: accountSchema.shape.token,
  userId: accountSchema.shape.userId.optional(),
  email: accountSchema.shape.email.optional(),
  tier: accountSchema.shape.tier.default('basic'),
  state: accountSchema.shape.state.default('ok'),
  quotas: quotasPatchSchema.optional(),
  mediaQuotas: mediaQuotasPatchSchema.optional(),
  weekly: weeklyPoolSchema.nullable().optional(),
})

/** See {@link accountInputSchema}. */
export type AccountInput = z.input<typeof accountInputSchema>

/** A change to one account. */
export const accountPatchSchema = z.strictObject({
  userId: accountSchema.shape.userId.optional(),
  email: accountSchema.shape.email.optional(),
  tier: accountSchema.shape.tier.optional(),
  state: accountSchema.shape.state.optional(),
  quotas: quotasPatchSchema.optional(),
  mediaQuotas: mediaQuotasPatchSchema.optional(),
  weekly: weeklyPoolSchema.nullable().optional(),
})

/** See {@link accountPatchSchema}. */
export type AccountPatch = z.input<typeof accountPatchSchema>

/** How far the clock moves. */
export const clockAdvanceSchema = z.strictObject({ seconds: z.number().min(0) })

/** Which recorded requests to show; every part that is given must fit. */
export const requestFilterSchema = z.strictObject({
  /** Exact path, or a prefix when it ends with `*`. */
  path: z.string().optional(),
  method: z.string().toUpperCase().optional(),
  token: z.string().optional(),
  status: z.coerce.number().int().optional(),
  /** An outcome, or `open` for requests that are still running. */
  outcome: z.enum(['completed', 'client-closed', 'reset', 'error', 'open']).optional(),
  /** Only requests with a greater id. */
  afterId: z.coerce.number().int().optional(),
  /** Only the newest that fit. */
  limit: z.coerce.number().int().min(1).optional(),
})

/** See {@link requestFilterSchema}. */
export type RequestFilter = z.infer<typeof requestFilterSchema>
