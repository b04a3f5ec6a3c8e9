import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { FIRST_CURSOR, type AccountStore } from '../../store/contract.ts'
import {
  clearCooldown,
  disable,
  enable,
  mayRestore,
  operatorCause,
  restoredAccount,
  softDelete,
  UNDO_DAYS,
  UNDO_MS,
} from './account-changes.ts'
import {
  changeAccounts,
  findTargets,
  idSchema,
  idsSchema,
  MAX_ACCOUNTS_BODY_BYTES,
  MAX_TARGETS,
  maskToken,
  openToken,
  requireAccount,
  summarySchema,
  targetsShape,
  tokenSchema,
  type AccountRouteParts,
} from './account-parts.ts'
import { adminRoute, done, doneSchema, noInput, type AdminRoute } from './route.ts'

/** Rows per read of the store, and per write to it. */
const BATCH_SIZE = 1000

const deletedSchema = z.object({
  id: z.number(),
  token: z.string(),
  pool: z.string(),
  label: z.string(),
  email: z.string().nullable(),
  deleted_at: z.number(),
  restorable_until: z.number(),
})

const post = { method: 'post', policy: 'admin', maxBodyBytes: MAX_ACCOUNTS_BODY_BYTES } as const

/** Taking accounts out of use and back into it, and deleting them. */
export function accountStateRoutes(parts: AccountRouteParts): readonly AdminRoute[] {
  return [
    disabledRoute(parts),
    disabledBatchRoute(parts),
    clearCooldownRoute(parts),
    deleteRoute(parts),
    restoreRoute(parts),
    deletedRoute(parts),
  ]
}

/** Enables or disables accounts; the number of those that were there. */
async function setDisabled(
  parts: AccountRouteParts,
  ids: readonly number[],
  disabled: boolean,
): Promise<number> {
  const now = parts.clock()
  return changeAccounts(parts, {
    ids,
    edit: (account) => (disabled ? disable(account, now) : enable(account, now)),
    cause: operatorCause('enabled by an operator', now),
  })
}

function disabledRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens/disabled',
    audit: 'accounts.disable',
    summary: 'Disables an account, or enables it and forgets what kept it from use.',
    input: z.object({
      body: z.object({ id: idSchema.optional(), token: tokenSchema.optional(), disabled: z.boolean() }),
    }),
    answer: doneSchema.extend({ id: z.number(), token: z.string(), disabled: z.boolean() }),
    handler: async ({ body: { id, token, disabled } }, call) => {
      await parts.syncAccounts(call.signal)
      const account = requireAccount(parts, { id, token })
      call.note({ id: account.id, disabled })
      await setDisabled(parts, [account.id], disabled)
      return { ...done, id: account.id, token: maskToken(openToken(parts, account)), disabled }
    },
  })
}

function disabledBatchRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens/disabled/batch',
    audit: 'accounts.disable-batch',
    summary: 'Disables or enables many accounts.',
    input: z.object({ body: z.object({ ...targetsShape, disabled: z.boolean() }) }),
    answer: doneSchema.extend({ disabled: z.boolean(), summary: summarySchema }),
    handler: async ({ body: { disabled, ...targets } }, call) => {
      await parts.syncAccounts(call.signal)
      const { ids, named } = findTargets(parts, targets)
      const ok = await setDisabled(parts, ids, disabled)
      const summary = { total: named, ok, fail: Math.max(0, named - ok) }
      call.note({ disabled, ...summary })
      return { ...done, disabled, summary }
    },
  })
}

function clearCooldownRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens/clear-cooldown',
    audit: 'accounts.clear-cooldown',
    summary: 'Ends the pauses of accounts; what else keeps them from use stays.',
    input: z.object({ body: z.object({ ids: idsSchema }) }),
    answer: doneSchema.extend({ summary: summarySchema }),
    handler: async ({ body: { ids } }, call) => {
      await parts.syncAccounts(call.signal)
      const found = findTargets(parts, { ids })
      const cause = operatorCause('the pause was ended by an operator', parts.clock())
      const ok = await changeAccounts(parts, { ids: found.ids, edit: clearCooldown, cause })
      const summary = { total: found.named, ok, fail: found.named - ok }
      call.note(summary)
      return { ...done, summary }
    },
  })
}

function deleteRoute(parts: AccountRouteParts): AdminRoute {
  const tokens = z.array(tokenSchema).max(MAX_TARGETS)
  return adminRoute({
    ...post,
    method: 'delete',
    path: '/tokens',
    audit: 'accounts.delete',
    summary: `Deletes accounts; for ${UNDO_DAYS} days they can be brought back.`,
    input: z.object({ body: z.union([tokens, z.object(targetsShape)]) }),
    answer: z.object({
      deleted: z.number().meta({ description: 'Accounts that were there.' }),
      ids: z.array(z.number()).meta({ description: 'For POST /tokens/restore.' }),
    }),
    handler: async ({ body }, call) => {
      await parts.syncAccounts(call.signal)
      const { ids } = findTargets(parts, 'length' in body ? { tokens: body } : body)
      const now = parts.clock()
      const deleted = await changeAccounts(parts, { ids, edit: (account) => softDelete(account, now) })
      call.note({ deleted })
      return { deleted, ids: [...ids] }
    },
  })
}

function restoreRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens/restore',
    audit: 'accounts.restore',
    summary: `Brings back accounts that were deleted within the last ${UNDO_DAYS} days, in the state they had.`,
    input: z.object({ body: z.object({ ids: idsSchema }) }),
    answer: z.object({ restored: z.number() }),
    handler: async ({ body: { ids } }, call) => {
      const restored = await restoreAccounts(parts, ids)
      await parts.syncAccounts(call.signal)
      call.note({ restored })
      return { restored }
    },
  })
}

async function restoreAccounts({ store, clock }: AccountRouteParts, ids: readonly number[]): Promise<number> {
  const now = clock()
  let restored = 0
  for (let start = 0; start < ids.length; start += BATCH_SIZE) {
    const rows = await store.find(ids.slice(start, start + BATCH_SIZE))
    const back = rows.filter((row) => mayRestore(row, now)).map((row) => restoredAccount(row, now))
    if (back.length === 0) continue
    const results = await store.add(back, now)
    restored += results.filter(({ outcome }) => outcome === 'revived').length
  }
  return restored
}

function deletedRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/tokens/deleted',
    policy: 'admin',
    audit: 'none',
    summary: 'Accounts that were deleted and can still be brought back, the last deleted first.',
    input: noInput,
    answer: z.object({ tokens: z.array(deletedSchema), total: z.number() }),
    handler: async (_input, { signal }) => {
      const rows = await readDeleted(parts.store, parts.clock(), signal)
      const shown = rows.toSorted((a, b) => deletedAt(b) - deletedAt(a) || b.id - a.id).slice(0, BATCH_SIZE)
      return { tokens: shown.map((row) => encodeDeleted(parts, row)), total: rows.length }
    },
  })
}

/** The rows that can be brought back. The whole store is read for it: the directory does not keep them. */
async function readDeleted(store: AccountStore, now: number, signal: AbortSignal): Promise<Account[]> {
  const found: Account[] = []
  let cursor = FIRST_CURSOR
  while (!signal.aborted) {
    const page = await store.changesSince(cursor, BATCH_SIZE)
    if (page.accounts.length === 0) break
    cursor = page.cursor
    found.push(...page.accounts.filter((row) => mayRestore(row, now)))
  }
  return found
}

function deletedAt({ state, updatedAt }: Account): number {
  return state.status === 'deleted' ? state.cause.at : updatedAt
}

function encodeDeleted(parts: AccountRouteParts, row: Account): z.input<typeof deletedSchema> {
  return {
    id: row.id,
    token: maskToken(openToken(parts, row)),
    pool: row.tier,
    label: row.label,
    email: row.email,
    deleted_at: deletedAt(row),
    restorable_until: deletedAt(row) + UNDO_MS,
  }
}
