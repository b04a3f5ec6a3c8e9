import { Hono } from 'hono'
import { z } from 'zod'
import type { EmulatorState } from '../state/emulator-state.ts'
import { requireAccount } from './auth.ts'
import type { ProductEnv } from './exchange.ts'
import { serviceError } from './http-errors.ts'

const bodySchema = z.object({
  fileName: z.string().min(1),
  fileMimeType: z.string().min(1),
  content: z.base64().min(1),
})

/** `POST /rest/app-chat/upload-file` (E7), spec/upstream-chat.md §10.1: JSON with Base64, no `data:` prefix. */
export function uploadRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().post('/rest/app-chat/upload-file', requireAccount(state), (c) => {
    const body = bodySchema.safeParse(c.get('exchange').body)
    if (!body.success) return serviceError(400, 3, 'fileName, fileMimeType and content (Base64) are required')
    const { fileName, fileMimeType, content } = body.data
    const { userId } = c.get('account')
    const fileId = state.ids.next()
    const path = `users/${userId}/${fileId}/content`
    state.files.put(fileId, {
      fileId,
      userId,
      fileName,
      contentType: fileMimeType,
      path,
      bytes: new Uint8Array(Buffer.from(content, 'base64')),
      createdAt: state.clock.iso(),
    })
    return c.json({ fileMetadataId: fileId, fileId, fileName, fileMimeType, fileUri: path })
  })
}
