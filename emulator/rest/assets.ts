import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { StoredFile } from '../state/stores.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'
import { encodePicture } from './picture.ts'

const ROOT = '/assets/'
const DEFAULT_PAGE_SIZE = 50
const MAX_PAGE_SIZE = 200
// The owner in the paths of transcript T5, whose pictures every account may fetch.
const TRANSCRIPT_OWNER = '6b2f'

/** List (E9), delete (E10) and download (E11, under `/assets/`) of files, spec/upstream-chat.md §10.5-10.7. */
export function assetRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>()
    .get('/rest/assets', requireAccount(state), (c) => listAssets(state, c))
    .delete('/rest/assets-metadata/:assetId', requireAccount(state), (c) => {
      const { userId } = c.get('account')
      const file = state.files.find(c.req.param('assetId'))
      if (file === undefined || file.userId !== userId) return serviceError(404, 5, 'Asset not found')
      state.files.remove(file.fileId)
      return c.json({})
    })
    .get(`${ROOT}*`, requireAccount(state), (c) => download(state, c))
}

function listAssets(state: EmulatorState, c: ProductContext): Response {
  const { userId } = c.get('account')
  const files = state.files.list().filter((file) => file.userId === userId)
  const pageToken = c.req.query('pageToken') ?? ''
  const start = pageToken === '' ? 0 : files.findIndex((file) => file.fileId === pageToken)
  const pageSize = Number(c.req.query('pageSize') ?? DEFAULT_PAGE_SIZE)
  if (start === -1 || !Number.isInteger(pageSize) || pageSize < 1) {
    return serviceError(400, 3, 'Invalid pageToken or pageSize')
  }
  const end = start + Math.min(pageSize, MAX_PAGE_SIZE)
  const assets = files.slice(start, end).map(assetOf)
  return c.json({ assets, nextPageToken: files[end]?.fileId ?? '' })
}

function assetOf(file: StoredFile): object {
  return {
    assetId: file.fileId,
    fileName: file.fileName,
    filePath: file.path,
    contentType: file.contentType,
    fileSize: file.bytes.length,
    createdAt: file.createdAt,
  }
}

function download(state: EmulatorState, c: ProductContext): Response {
  const path = c.req.path.slice(ROOT.length)
  const [, owner = '', id = '', name = ''] =
    /^users\/([^/]+)\/(?:generated\/)?([^/]+)\/([^/]+)$/.exec(path) ?? []
  if (owner === '') return serviceError(404, 5, 'Asset not found')
  if (owner !== c.get('account').userId && owner !== TRANSCRIPT_OWNER) {
    return serviceError(403, 7, 'Access to this asset is denied')
  }
  const file = state.files.find(id)
  if (file !== undefined) return bytesResponse(file.bytes, file.contentType)
  // Every generated path has its picture, which depends only on the id in the path.
  if (path.includes('/generated/') && name.endsWith('.jpg')) {
    return bytesResponse(encodePicture(id, name === 'preview_0.jpg' ? 2 : 16), 'image/jpeg')
  }
  return serviceError(404, 5, 'Asset not found')
}

function bytesResponse(bytes: Uint8Array<ArrayBuffer>, contentType: string): Response {
  return new Response(bytes, { headers: { 'Content-Type': contentType } })
}
