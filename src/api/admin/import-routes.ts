import { z } from 'zod'
import { applyImport, countVerdicts, importModes, type ImportPlan } from '../../accounts/import-apply.ts'
import { readToken, type ImportItem } from '../../accounts/import-entry.ts'
import { importFormats, readImport } from '../../accounts/import-file.ts'
import { readPools } from '../../accounts/import-json.ts'
import { namesSchema, profileShape, type ProfileChange } from '../../accounts/import-profile.ts'
import type { Tier } from '../../core/model.ts'
import { softDelete } from './account-changes.ts'
import { fieldError, requireTier } from './account-filter.ts'
import { MAX_ACCOUNTS_BODY_BYTES, MAX_TARGETS, tokenSchema, type AccountRouteParts } from './account-parts.ts'
import { adminRoute, done, doneSchema, type AdminCall, type AdminRoute } from './route.ts'

const MAX_VERDICTS = 1000
const MAX_POOL_LENGTH = 100

/** Typed by an operator who means to delete what is not in the file. */
const CONFIRMATION = 'replace'

const pool = z.string().max(MAX_POOL_LENGTH)
const confirm = z.string().max(MAX_POOL_LENGTH).optional()

const verdictSchema = z.object({
  place: z.string().meta({ description: '`line 3`, or `super[0]`.' }),
  verdict: z.enum(['added', 'updated', 'existing', 'refused']),
  reason: z.string().optional(),
  id: z.number().optional(),
})

const countsSchema = z.object({
  added: z.number(),
  updated: z.number(),
  existing: z.number(),
  refused: z.number(),
  deleted: z.number(),
})

const importBody = z.object({
  content: z.string(),
  format: z.enum(['auto', ...importFormats]).default('auto'),
  pool: pool.default('auto').meta({ description: 'For accounts whose pool the content does not say.' }),
  mode: z.enum(importModes).default('append'),
  confirm: confirm.meta({ description: 'Must be `replace` in the mode replace.' }),
  dry_run: z.boolean().default(false),
})

const addBody = z.object({
  tokens: z.array(tokenSchema).max(MAX_TARGETS),
  pool: pool.default('auto'),
  tags: namesSchema.default([]),
  groups: namesSchema.optional(),
  label: profileShape.label.optional(),
  notes: profileShape.notes.optional(),
  priority: profileShape.priority.optional(),
})

const replaceMode = { mode: z.enum(importModes).optional(), confirm }

const replacedSchema = doneSchema.extend({
  pool: z.string().optional(),
  count: z.number().meta({ description: 'Accounts of the request that are here now.' }),
  ...countsSchema.shape,
})

const post = { method: 'post', policy: 'admin', maxBodyBytes: MAX_ACCOUNTS_BODY_BYTES } as const

/** Bringing accounts in: one by one, from files, and as version 2 did. */
export function importRoutes(parts: AccountRouteParts): readonly AdminRoute[] {
  return [addRoute(parts), importRoute(parts), poolsRoute(parts), poolRoute(parts)]
}

function importRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/import',
    audit: 'accounts.import',
    summary: 'Imports accounts from text, CSV, JSON or cookies; deletes nothing unless replace is confirmed.',
    input: z.object({ body: importBody }),
    answer: doneSchema.extend({
      format: z.enum(importFormats),
      mode: z.enum(importModes),
      dry_run: z.boolean(),
      counts: countsSchema,
      verdicts: z.array(verdictSchema).meta({ description: `The first ${MAX_VERDICTS}.` }),
    }),
    handler: async ({ body }, call) => {
      const { content, mode, dry_run: dryRun } = body
      requireConfirmation(mode, body.confirm)
      const { format, items, pools } = readImport(content, {
        tier: requireTier(body.pool),
        format: body.format === 'auto' ? undefined : body.format,
      })
      const { verdicts, counts } = await runImport(parts, { items, pools, mode, dryRun }, call)
      return {
        ...done,
        format,
        mode,
        dry_run: dryRun,
        counts,
        verdicts: verdicts.slice(0, MAX_VERDICTS),
      }
    },
  })
}

function addRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens/add',
    audit: 'accounts.add',
    summary: 'Adds accounts; those that are here already stay as they are.',
    input: z.object({ body: addBody }),
    answer: doneSchema.extend({
      count: z.number().meta({ description: 'Accounts that are new.' }),
      skipped: z.number().meta({ description: 'Tokens that are here already.' }),
      synced: z.boolean().meta({ description: 'Tier and quota are asked for in the background.' }),
      refused: z.array(z.object({ index: z.number(), reason: z.string() })),
      ids: z.array(z.number()),
    }),
    handler: async ({ body: { tokens, pool, tags, ...said } }, call) => {
      const tier = requireTier(pool)
      const profile: ProfileChange = Object.fromEntries(
        Object.entries(said).filter(([, value]) => value !== undefined),
      )
      const items = tokens.map((token, index) => {
        const item = readToken(token, { place: String(index), tier })
        return item.type === 'entry' ? { ...item, entry: { ...item.entry, tags, profile } } : item
      })
      const plan = { items, pools: [], mode: 'append', dryRun: false } as const
      const { verdicts, counts } = await runImport(parts, plan, call)
      return {
        ...done,
        count: counts.added,
        skipped: counts.existing,
        synced: false,
        refused: verdicts.flatMap(({ place, verdict, reason }) =>
          verdict === 'refused' ? [{ index: Number(place), reason: reason ?? '' }] : [],
        ),
        ids: verdicts.flatMap(({ verdict, id }) => (verdict === 'added' && id !== undefined ? [id] : [])),
      }
    },
  })
}

/** Version 2 deleted here whatever the request did not name; now only who confirms it does. */
function poolsRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    path: '/tokens',
    audit: 'accounts.save-pools',
    summary:
      'Adds and updates accounts by pools; with mode and confirm "replace" the others of these pools are deleted.',
    input: z.object({ query: z.object(replaceMode), body: z.looseObject(replaceMode) }),
    answer: replacedSchema,
    handler: async ({ query, body: { mode: ownMode, confirm: ownConfirm, ...data } }, call) => {
      const mode = ownMode ?? query.mode ?? 'update'
      requireConfirmation(mode, ownConfirm ?? query.confirm)
      return replaceAnswer(parts, { ...readPools(data), mode, dryRun: false }, call)
    },
  })
}

function poolRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    ...post,
    method: 'put',
    path: '/tokens/pool',
    audit: 'accounts.save-pool',
    summary: 'Adds and updates accounts of one pool; with mode and confirm "replace" its others are deleted.',
    input: z.object({
      query: z.object(replaceMode),
      body: z.object({ ...replaceMode, pool, tokens: addBody.shape.tokens, tags: namesSchema.default([]) }),
    }),
    answer: replacedSchema,
    handler: async ({ query, body }, call) => {
      const mode = body.mode ?? query.mode ?? 'update'
      requireConfirmation(mode, body.confirm ?? query.confirm)
      const tier = requireTier(body.pool)
      const items = body.tokens.map((token, index): ImportItem => {
        const place = `tokens[${index}]`
        const item = readToken(token, { place, tier })
        return item.type === 'entry'
          ? { ...item, namesTier: true, entry: { ...item.entry, tags: body.tags } }
          : item
      })
      const answer = await replaceAnswer(parts, { items, pools: [tier], mode, dryRun: false }, call)
      return { ...answer, pool: body.pool }
    },
  })
}

async function replaceAnswer(
  parts: AccountRouteParts,
  plan: Plan,
  call: AdminCall,
): Promise<z.input<typeof replacedSchema>> {
  const { counts } = await runImport(parts, plan, call)
  return { ...done, count: counts.added + counts.updated + counts.existing, ...counts }
}

function requireConfirmation(mode: Plan['mode'], given: string | undefined): void {
  if (mode === 'replace' && given !== CONFIRMATION) {
    throw fieldError('confirm', `deletes accounts; confirm it with ${JSON.stringify(CONFIRMATION)}`)
  }
}

interface Plan extends Pick<ImportPlan, 'items' | 'mode' | 'dryRun'> {
  readonly pools: readonly Tier[]
}

async function runImport(parts: AccountRouteParts, plan: Plan, call: AdminCall) {
  const now = parts.clock()
  const { verdicts, deleted } = await applyImport(
    parts,
    { ...plan, now, softDelete: (account) => softDelete(account, now) },
    call.signal,
  )
  const counts = { ...countVerdicts(verdicts), deleted }
  call.note({ mode: plan.mode, dry_run: plan.dryRun, ...counts })
  return { verdicts, counts }
}
