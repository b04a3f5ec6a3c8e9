import type { Context } from 'hono'
import type { FilePart } from '../../core/chat-request.ts'
import { GatewayError } from '../../core/error.ts'
import { refuse } from '../chat-door.ts'

export type Form = Awaited<ReturnType<Request['formData']>>

/** The form of a body, multipart or urlencoded. */
export async function parseForm(c: Context): Promise<Form> {
  // on its own, so that a body that is too large fails as such
  const bytes = await c.req.arrayBuffer()
  try {
    const headers = { 'content-type': c.req.header('content-type') ?? '' }
    return await new Request('http://form', { method: 'POST', headers, body: bytes }).formData()
  } catch (cause) {
    throw new GatewayError('invalid_request', 'The body of the request is not a valid form.', { cause })
  }
}

/** A file of a form. What clients say of a file whose type they do not know says nothing. */
export async function readFormFile(param: string, file: File): Promise<FilePart> {
  const data = Buffer.from(await file.arrayBuffer()).toString('base64')
  if (data === '') throw refuse(param, 'the file is empty')
  const mediaType = file.type === 'application/octet-stream' ? '' : file.type
  const source = { type: 'base64', data, ...(mediaType !== '' && { mediaType }) } as const
  return { type: 'file', source, param, ...(file.name !== '' && { name: file.name }) }
}
