import { asObjects, asNumber, asObject, asString, type JsonObject } from '../util/json-fields.ts'
import { readAnswerJson, type CallerIdentity, type RestCaller } from './rest-call.ts'

/** A file that the upstream keeps for an account. */
export interface UpstreamAsset {
  readonly id: string
  readonly name: string
  readonly contentType: string | null
  readonly sizeBytes: number | null
  readonly createdAt: string | null
}

/** One page of files; without a next token it is the last. */
export interface AssetPage {
  readonly assets: readonly UpstreamAsset[]
  readonly nextPageToken: string | null
}

export interface ListAssetsOptions {
  readonly pageToken?: string
  readonly timeoutSeconds: number
}

const PAGE_SIZE = 100

/** Lists the files of an account, a page at a time (spec/upstream-chat.md §10.5). */
export async function listAssets(
  call: RestCaller,
  identity: CallerIdentity,
  options: ListAssetsOptions,
): Promise<AssetPage> {
  const query = new URLSearchParams({ pageSize: String(PAGE_SIZE) })
  if (options.pageToken !== undefined) query.set('pageToken', options.pageToken)
  const { timeoutSeconds } = options
  const path = `/rest/assets?${query.toString()}`
  const answer = asObject(
    readAnswerJson(await call({ method: 'GET', path, refererPath: '/files', timeoutSeconds }, identity)),
  )
  const entries = asObjects(answer?.['assets'] ?? answer?.['items'])
  return {
    assets: entries.flatMap((entry) => parseAsset(entry) ?? []),
    nextPageToken: asString(answer?.['nextPageToken']) || null,
  }
}

/** Deletes one file of an account (spec/upstream-chat.md §10.6). */
export async function deleteAsset(
  call: RestCaller,
  identity: CallerIdentity,
  { id, timeoutSeconds }: { readonly id: string; readonly timeoutSeconds: number },
): Promise<void> {
  const path = `/rest/assets-metadata/${encodeURIComponent(id)}`
  await call({ method: 'DELETE', path, refererPath: '/files', timeoutSeconds }, identity)
}

/** Field spellings vary; read what is there. */
function parseAsset(fields: JsonObject): UpstreamAsset | undefined {
  const id = asString(fields['assetId']) ?? asString(fields['id'])
  if (id === undefined) return undefined
  const size = fields['fileSize'] ?? fields['size'] ?? fields['sizeBytes']
  return {
    id,
    name: firstText(fields, ['fileName', 'name']) ?? id,
    contentType: firstText(fields, ['contentType', 'content_type', 'mimeType']) ?? null,
    sizeBytes: asNumber(typeof size === 'string' ? Number(size) : size) ?? null,
    createdAt: firstText(fields, ['createdAt', 'created_at', 'createTime']) ?? null,
  }
}

function firstText(fields: JsonObject, names: readonly string[]): string | undefined {
  return names.map((name) => asString(fields[name])).find(Boolean)
}
