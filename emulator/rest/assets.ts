import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { StoredFile } from '../state/stores.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'
import { finalPicture, previewJpeg } from '../media/picture.ts'
import { imageSize } from '../media/sizes.ts'
import { assetView } from './imagine-history.ts'
import { fileResponse } from './serve-file.ts'

const IMAGINE_WORKSPACE = 'WORKSPACE_KIND_IMAGINE_ALL'
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
  if (c.req.query('workspaceKind') === IMAGINE_WORKSPACE) {
    const made = state.generations.finished((one) => one.userId === userId).toReversed()
    return c.json({ assets: made.map((one) => assetView(state, one)), nextPageToken: '' })
  }
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
  state.generations.settle()
  const file = state.generatedFiles.find(path) ?? state.files.find(id)
  const range = c.req.header('range')
  if (file !== undefined) return fileResponse(file, range)
  // Every path that a chat answer can name has its picture.
  if (path.includes('/generated/') && name.endsWith('.jpg') && !isGeneration(state, id)) {
    const facts = { ...imageSize('1:1'), prompt: state.drawings.find(id) ?? '', slot: 0, label: 'LITE', id }
    const bytes = name.startsWith('preview_') ? previewJpeg(facts) : finalPicture(facts)
    return fileResponse({ bytes, contentType: 'image/jpeg' }, range)
  }
  return serviceError(404, 5, 'Asset not found')
}

// A generation that is not done, or that was withheld, has no file yet.
function isGeneration(state: EmulatorState, id: string): boolean {
  return state.generations.list().some((generation) => id.startsWith(generation.id))
}
