import { Hono } from 'hono'
import { z } from 'zod'
import { parseScenarioWords } from '../answers/scenario-words.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { MediaEffect } from '../state/faults.ts'
import type { StoredFile } from '../state/stores.ts'
import { mediaFaultsFromWords } from '../wire/media-words.ts'
import { requireAccount } from './auth.ts'
import type { ProductContext, ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'

const bodySchema = z.object({
  fileName: z.string().min(1),
  fileMimeType: z.string().min(1),
  content: z.base64().min(1),
})

/**
 * `POST /rest/app-chat/upload-file` (E7), spec/upstream-chat.md §10.1: JSON with Base64, no `data:` prefix; and
 * `POST /http/upload-file-v2/direct`, spec/upstream-media.md §6.2: multipart.
 */
export function uploadRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>()
    .post('/http/upload-file-v2/direct', requireAccount(state), (c) => uploadDirect(state, c))
    .post('/rest/app-chat/upload-file', requireAccount(state), (c) => {
      const body = bodySchema.safeParse(c.get('exchange').body)
      if (!body.success)
        return serviceError(400, 3, 'fileName, fileMimeType and content (Base64) are required')
      const { fileName, fileMimeType, content } = body.data
      const bytes = new Uint8Array(Buffer.from(content, 'base64'))
      const { fileId, path } = keepUpload(state, c, { fileName, contentType: fileMimeType, bytes })
      return c.json({ fileMetadataId: fileId, fileId, fileName, fileMimeType, fileUri: path })
    })
}

const ALLOWED_SOURCE = 'IMAGINE_SELF_UPLOAD_FILE_SOURCE'

/** A word in the file name (`[[terminal-error]].png`) or a fault makes it fail. */
async function uploadDirect(state: EmulatorState, c: ProductContext): Promise<Response> {
  const { form, plan } = c.get('exchange')
  const file = form?.get('file')
  if (!(file instanceof File)) return serviceError(400, 3, 'A part "file" with a file name is required')
  const source = form?.get('file_source') ?? ALLOWED_SOURCE
  if (source !== ALLOWED_SOURCE) return serviceError(400, 3, `Unknown file_source: ${JSON.stringify(source)}`)
  const faults = [...plan.media, ...mediaFaultsFromWords(parseScenarioWords(file.name))]
  const has = (effect: MediaEffect): boolean => faults.some((fault) => fault.effect === effect)
  const uploadId = state.ids.next()
  if (has('terminal-error')) {
    return c.json({ uploadId, terminalError: { code: 'UNSUPPORTED_FILE', message: 'The file was rejected' } })
  }
  const { name: fileName, type } = file
  const contentType = type === '' ? 'application/octet-stream' : type
  const bytes = new Uint8Array(await file.arrayBuffer())
  const { fileId, path } = keepUpload(state, c, { fileName, contentType, bytes })
  const ids = has('missing-id') ? {} : { fileMetadataId: fileId, fileId }
  const fileMetadata = { ...ids, fileUri: path, fileName, fileMimeType: contentType }
  return c.json({ uploadId, terminalError: null, fileMetadata })
}

type Upload = Pick<StoredFile, 'fileName' | 'contentType' | 'bytes'>

function keepUpload(state: EmulatorState, c: ProductContext, upload: Upload): StoredFile {
  const { userId } = c.get('account')
  const fileId = state.ids.next()
  const path = `users/${userId}/${fileId}/content`
  const file = { fileId, userId, ...upload, path, createdAt: state.clock.iso() }
  state.files.put(fileId, file)
  return file
}
