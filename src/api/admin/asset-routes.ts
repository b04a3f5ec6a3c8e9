import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { GatewayError } from '../../core/error.ts'
import { mapLimit } from '../../util/map-limit.ts'
import {
  idSchema,
  maskToken,
  openToken,
  requireAccount,
  tokenSchema,
  type AccountRouteParts,
} from './account-parts.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'

interface Asset {
  readonly id: string
  readonly name: string
  readonly contentType: string | null
  readonly sizeBytes: number | null
  readonly createdAt: string | null
}

/** What is asked of the upstream about an account's files. */
export interface AssetActions {
  listAssets(
    account: Account,
    pageToken: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly assets: readonly Asset[]; readonly nextPageToken: string | null }>
  deleteAsset(account: Account, id: string, signal: AbortSignal): Promise<void>
  clearAssets(account: Account, signal: AbortSignal): Promise<number>
}

/** What the routes on upstream files need. */
export interface AssetRouteParts extends AccountRouteParts {
  readonly actions: AssetActions
}

const DEFAULT_ACCOUNTS = 20
const MAX_ACCOUNTS = 100
/** Accounts that are asked side by side. */
const PARALLEL_CALLS = 8

const whose = { id: idSchema.optional(), token: tokenSchema.optional() }

const assetView = z.object({
  id: z.string(),
  name: z.string(),
  content_type: z.string().nullable(),
  size_bytes: z.number().nullable(),
  created_at: z.string().nullable(),
})

/** The files that the upstream keeps for an account: list by page, delete one, clear all. */
export function assetRoutes(parts: AssetRouteParts): readonly AdminRoute[] {
  const { actions } = parts
  return [
    overviewRoute(parts),
    adminRoute({
      method: 'get',
      path: '/assets/:id',
      policy: 'admin',
      audit: 'none',
      summary: "One page of an account's files at the upstream.",
      input: z.object({
        params: z.object({ id: z.coerce.number().int() }),
        query: z.object({ page_token: z.string().optional() }),
      }),
      answer: z.object({ assets: z.array(assetView), next_page_token: z.string().nullable() }),
      handler: async ({ params: { id }, query }, { signal }) => {
        const account = requireAccount(parts, { id })
        const { assets, nextPageToken } = await actions.listAssets(account, query.page_token, signal)
        return { assets: assets.map(viewAsset), next_page_token: nextPageToken }
      },
    }),
    adminRoute({
      method: 'post',
      path: '/assets/delete-item',
      policy: 'admin',
      audit: 'assets.delete',
      summary: "Deletes one of an account's files at the upstream.",
      input: z.object({ body: z.object({ ...whose, asset_id: z.string() }) }),
      answer: doneSchema,
      handler: async ({ body }, { signal, note }) => {
        const account = requireAccount(parts, body)
        note({ account: account.id, asset: body.asset_id })
        await actions.deleteAsset(account, body.asset_id, signal)
        return done
      },
    }),
    adminRoute({
      method: 'post',
      path: '/assets/clear-token',
      policy: 'admin',
      audit: 'assets.clear-account',
      summary: "Deletes all of an account's files at the upstream, page by page.",
      input: z.object({ body: z.object(whose) }),
      answer: doneSchema.extend({ deleted: z.number() }),
      handler: async ({ body }, { c, signal, note }) => {
        const account = requireAccount(parts, body)
        note({ account: account.id })
        c.env?.allowSilence?.()
        return { ...done, deleted: await actions.clearAssets(account, signal) }
      },
    }),
  ]
}

const overviewQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_ACCOUNTS).default(DEFAULT_ACCOUNTS),
  cursor: z.coerce.number().int().default(0).meta({ description: 'The next_cursor of the page before.' }),
})

const overviewAnswer = z.object({
  tokens: z.array(
    z.object({
      id: z.number(),
      token: z.string().meta({ description: 'Masked.' }),
      masked: z.string(),
      count: z.number(),
      has_more: z.boolean(),
      assets: z.array(assetView),
      error: z.string().nullable(),
    }),
  ),
  total_assets: z.number().meta({ description: 'Of the files in this answer.' }),
  next_cursor: z.number().nullable(),
})

/** Asks for a few accounts at a time: a pool of thousands in one request is what made the original's page time out. */
function overviewRoute(parts: AssetRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/assets',
    policy: 'admin',
    audit: 'none',
    summary: 'The first files of some accounts in service, by id; one that cannot be asked shows its error.',
    input: z.object({ query: overviewQuery }),
    answer: overviewAnswer,
    handler: async ({ query: { limit, cursor } }, { c, signal }) => {
      c.env?.allowSilence?.()
      const rest = Array.from(parts.directory.accounts())
        .filter(({ id, state }) => id > cursor && (state.status === 'active' || state.status === 'cooling'))
        .sort((a, b) => a.id - b.id)
      const some = rest.slice(0, limit)
      const tokens = await mapLimit(some, PARALLEL_CALLS, (account) => viewAccount(parts, account, signal))
      return {
        tokens,
        total_assets: tokens.reduce((sum, { count }) => sum + count, 0),
        next_cursor: rest.length > limit ? (some.at(-1)?.id ?? null) : null,
      }
    },
  })
}

async function viewAccount(
  parts: AssetRouteParts,
  account: Account,
  signal: AbortSignal,
): Promise<z.input<typeof overviewAnswer>['tokens'][number]> {
  const masked = maskToken(openToken(parts, account))
  const whom = { id: account.id, token: masked, masked }
  try {
    const { assets, nextPageToken } = await parts.actions.listAssets(account, undefined, signal)
    const shown = assets.map(viewAsset)
    return { ...whom, count: shown.length, has_more: nextPageToken !== null, assets: shown, error: null }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { ...whom, count: 0, has_more: false, assets: [], error: error.message }
  }
}

function viewAsset({ id, name, contentType, sizeBytes, createdAt }: Asset): z.input<typeof assetView> {
  return { id, name, content_type: contentType, size_bytes: sizeBytes, created_at: createdAt }
}
