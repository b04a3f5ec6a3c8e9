import { z } from 'zod'
import { healthAt } from '../../accounts/feedback.ts'
import type { Account, AccountState, StateCause, StateTransition } from '../../core/account.ts'
import { modes, tiers, WEEKLY, type Mode } from '../../core/model.ts'
import { reasons } from '../../core/reason.ts'
import { refillWindow, type Quota } from '../../core/quota.ts'
import { maskProxyUrl, maskToken, openProxyUrl, openToken, type AccountRouteParts } from './account-parts.ts'

const epochMs = z.number().meta({ description: 'Epoch ms.' })
const tier = z.enum(tiers)
const status = z.enum(['active', 'cooling', 'needs-login', 'suspended', 'disabled', 'deleted'])

const causeSchema = z.object({
  code: z.string().meta({ description: 'An error code, `operator` or `recovered`.' }),
  reason: z.enum(reasons).optional().meta({ description: 'The true reason of a failure: docs/reasons.md.' }),
  evidence: z.string(),
  at: epochMs,
})

const windowSchema = z.object({
  remaining: z.number(),
  total: z.number(),
  window_seconds: z.number(),
  reset_at: epochMs.nullable(),
  synced_at: epochMs.nullable(),
  source: z.enum(['default', 'real', 'estimated']),
})

/** Everything that is told about an account. */
export const accountSchema = z.object({
  id: z.number(),
  token: z.string().meta({ description: 'Masked; POST /tokens/reveal shows it.' }),
  pool: tier,
  status,
  state: z.object({
    status,
    cause: causeSchema.nullable(),
    since: epochMs,
    until: epochMs.nullable().meta({ description: 'The end of a pause.' }),
  }),
  cooldowns: z
    .partialRecord(z.enum(modes), z.object({ until: epochMs, cause: causeSchema }))
    .meta({ description: 'Modes that pause although the account is well.' }),
  quota: z.partialRecord(z.enum(modes), windowSchema).meta({
    description: `What is left by mode; of \`${WEEKLY}\`, the pool over all chats of a paid account, in hundredths of a percent.`,
  }),
  use_count: z.number().meta({ description: 'Calls that succeeded.' }),
  fail_count: z.number(),
  success_rate: z.number().nullable().meta({ description: '0 to 1; null before the first call.' }),
  last_used_at: epochMs.nullable(),
  last_failure: causeSchema.nullable(),
  tags: z.array(z.string()),
  groups: z.array(z.string()),
  label: z.string(),
  email: z.string().nullable(),
  notes: z.string(),
  priority: z.number(),
  max_inflight: z.number().nullable(),
  pinned_tier: tier.nullable(),
  proxy_url: z.string().nullable().meta({ description: 'Without user and password.' }),
  health: z.number().meta({ description: '0 (failing) to 1 (well).' }),
  in_flight: z.number().meta({ description: 'Requests under way in the process that answers.' }),
  created_at: epochMs,
  updated_at: epochMs,
  synced_at: epochMs.nullable(),
  history: z.array(z.object({ from: status, to: status, cause: causeSchema })),
})

/** An account as it is answered. */
export type AccountAnswer = z.input<typeof accountSchema>

/** The names of the fields of an account. */
export const accountFields = accountSchema.keyof()

/** An account as it is answered; nothing secret is in it. */
export function encodeAccountAnswer(parts: AccountRouteParts, account: Account): AccountAnswer {
  const now = parts.clock()
  const { successCount, failureCount, state } = account
  const calls = successCount + failureCount
  return {
    id: account.id,
    token: maskToken(openToken(parts, account)),
    pool: account.tier,
    status: state.status,
    state: encodeState(account),
    cooldowns: account.modeCooldowns,
    quota: encodeQuota(account.quota, now),
    use_count: successCount,
    fail_count: failureCount,
    success_rate: calls === 0 ? null : successCount / calls,
    last_used_at: account.lastUsedAt,
    last_failure: account.lastFailure,
    tags: [...account.tags],
    groups: [...account.groups],
    label: account.label,
    email: account.email,
    notes: account.notes,
    priority: account.priority,
    max_inflight: account.maxInFlight,
    pinned_tier: account.pinnedTier,
    proxy_url: maskProxyUrl(openProxyUrl(parts.box, account)),
    health: healthAt(account, now),
    in_flight: parts.directory.inFlight(account.id),
    created_at: account.createdAt,
    updated_at: account.updatedAt,
    synced_at: account.syncedAt,
    history: account.history.map((entry) => ({ ...entry })),
  }
}

/** Only the fields that were asked for. */
export function selectFields(
  answer: AccountAnswer,
  fields: ReadonlySet<string> | undefined,
): Partial<AccountAnswer> {
  if (!fields) return answer
  return Object.fromEntries(Object.entries(answer).filter(([name]) => fields.has(name)))
}

function encodeState({ state, history, createdAt }: Account): AccountAnswer['state'] {
  const cause = causeOf(state)
  return {
    status: state.status,
    cause,
    since: sinceWhen(state, history) ?? createdAt,
    until: state.status === 'cooling' ? state.until : null,
  }
}

function causeOf(state: AccountState): StateCause | null {
  return state.status === 'active' ? null : state.cause
}

function sinceWhen(state: AccountState, history: readonly StateTransition[]): number | undefined {
  return causeOf(state)?.at ?? history.findLast(({ to }) => to === state.status)?.cause.at
}

function encodeQuota(quota: Quota, now: number): AccountAnswer['quota'] {
  const encoded: Partial<Record<Mode, z.input<typeof windowSchema>>> = {}
  for (const mode of modes) {
    const window = quota[mode]
    if (!window) continue
    const { remaining, total, windowSeconds, resetAt, syncedAt, source } = refillWindow(window, now)
    encoded[mode] = {
      remaining,
      total,
      window_seconds: windowSeconds,
      reset_at: resetAt,
      synced_at: syncedAt,
      source,
    }
  }
  return encoded
}
