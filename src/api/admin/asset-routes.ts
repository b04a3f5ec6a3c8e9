import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { idSchema, requireAccount, tokenSchema, type AccountRouteParts } from './account-parts.ts'
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

function viewAsset({ id, name, contentType, sizeBytes, createdAt }: Asset): z.input<typeof assetView> {
  return { id, name, content_type: contentType, size_bytes: sizeBytes, created_at: createdAt }
}
