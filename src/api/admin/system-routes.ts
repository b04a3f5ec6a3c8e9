import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { tiers } from '../../core/model.ts'
import type { SettingsService } from '../../config/settings.ts'
import type { Clock } from '../../util/clock.ts'
import { product } from '../product.ts'
import { adminRoute, done, doneSchema, noInput, type AdminRoute } from './route.ts'

/** What tells how the gateway is doing. */
export interface SystemRouteParts {
  readonly settings: SettingsService
  readonly clock: Clock
  /** Every account that is not deleted, as this process knows it. */
  readonly accounts: () => Iterable<Pick<Account, 'state' | 'tier'>>
  readonly inFlight: () => number
  /** The revision of the store that this process has read up to. */
  readonly revision: () => number
  /** Reads what others wrote to the store; answers whether there was anything. */
  readonly syncAccounts: (signal: AbortSignal) => Promise<boolean>
  /** The kind of store, as `ACCOUNT_STORAGE` names it. */
  readonly storageType: string
  /** Which of `SERVER_WORKERS` processes this is, from 1. */
  readonly worker: number
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** What the upstream has sent this process that is not known, the most frequent first. */
  readonly drift: () => readonly DriftKind[]
}

/** One kind of what is not known, and how often it was met since the start. */
interface DriftKind {
  readonly kind: string
  readonly count: number
  /** Epoch milliseconds. */
  readonly firstAt: number
  readonly lastAt: number
}

const states = ['active', 'cooling', 'needs-login', 'suspended', 'disabled'] as const
const strategy = z.enum(['quota', 'random'])

const statusAnswer = z.object({
  status: z.literal('ok'),
  size: z.number().meta({ description: 'Accounts that are not deleted, as this process knows them.' }),
  revision: z.number(),
  selection_strategy: strategy,
  accounts: z.object({
    by_state: z.record(z.enum(states), z.number()),
    by_tier: z.record(z.enum(tiers), z.number()),
  }),
  in_flight: z.number(),
  uptime_seconds: z.number(),
  worker: z.number(),
  drift: z
    .array(z.object({ kind: z.string(), count: z.number(), first_at: z.number(), last_at: z.number() }))
    .meta({ description: 'What the upstream sent this process and nothing here knows; times in epoch ms.' }),
})

const versionAnswer = z.object({
  name: z.string(),
  version: z.string(),
  bun_version: z.string(),
  started_at: z.number().meta({ description: 'Epoch ms.' }),
})

const updateAnswer = z.object({
  status: z.literal('disabled'),
  current_version: z.string(),
  latest_version: z.null(),
  update_available: z.null(),
  message: z.string(),
})

/** The way accounts are chosen, by its name. */
export function selectionStrategy({ current }: SettingsService): 'quota' | 'random' {
  return current.account.refresh.enabled ? 'quota' : 'random'
}

/** How the gateway is doing, and what it is. */
export function systemRoutes(parts: SystemRouteParts): readonly AdminRoute[] {
  const read = { method: 'get', policy: 'admin', audit: 'none', input: noInput } as const
  return [
    adminRoute({
      ...read,
      path: '/verify',
      summary: 'Answers if the caller may use the admin API.',
      answer: doneSchema,
      handler: () => done,
    }),
    adminRoute({
      ...read,
      path: '/status',
      summary: 'The accounts and the work of this process in figures.',
      answer: statusAnswer,
      handler: () => encodeStatus(parts),
    }),
    adminRoute({
      ...read,
      path: '/storage',
      summary: 'The kind of store that accounts are kept in.',
      answer: z.object({ type: z.string() }),
      handler: () => ({ type: parts.storageType }),
    }),
    syncRoute(parts),
    adminRoute({
      ...read,
      path: '/version',
      summary: 'What runs, and since when.',
      answer: versionAnswer,
      handler: () => ({ ...product, bun_version: Bun.version, started_at: parts.startedAt }),
    }),
    adminRoute({
      ...read,
      path: '/update',
      summary: 'The check for a newer release; nothing is fetched from outside, so it knows of none.',
      answer: updateAnswer,
      handler: encodeUpdate,
    }),
  ]
}

function syncRoute({ syncAccounts, revision }: SystemRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/sync',
    policy: 'admin',
    audit: 'system.sync',
    summary: 'Reads now what others have written to the account store.',
    input: noInput,
    answer: z.object({ changed: z.boolean(), revision: z.number() }),
    handler: async (_input, { signal }) => {
      const changed = await syncAccounts(signal)
      return { changed, revision: revision() }
    },
  })
}

function encodeStatus(parts: SystemRouteParts): z.input<typeof statusAnswer> {
  const byState = { active: 0, cooling: 0, 'needs-login': 0, suspended: 0, disabled: 0 }
  const byTier = { basic: 0, super: 0, heavy: 0 }
  let size = 0
  for (const { state, tier } of parts.accounts()) {
    if (state.status === 'deleted') continue
    byState[state.status]++
    byTier[tier]++
    size++
  }
  return {
    status: 'ok',
    size,
    revision: parts.revision(),
    selection_strategy: selectionStrategy(parts.settings),
    accounts: { by_state: byState, by_tier: byTier },
    in_flight: parts.inFlight(),
    uptime_seconds: Math.floor((parts.clock() - parts.startedAt) / 1000),
    worker: parts.worker,
    drift: parts
      .drift()
      .map(({ kind, count, firstAt, lastAt }) => ({ kind, count, first_at: firstAt, last_at: lastAt })),
  }
}

function encodeUpdate(): z.input<typeof updateAnswer> {
  return {
    status: 'disabled',
    current_version: product.version,
    latest_version: null,
    update_available: null,
    message: 'This gateway asks nobody for newer releases; look at the project page.',
  }
}
