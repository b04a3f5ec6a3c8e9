import type { Context } from 'hono'
import type { FilePart } from '../../../core/chat-request.ts'
import { readJsonBody } from '../../request-body.ts'
import { refuse } from '../../chat-door.ts'
import { parseForm, readFormFile } from '../parse-form.ts'

/** A body of fields and files, however it was sent. */
export interface FormBody {
  readonly fields: Readonly<Record<string, unknown>>
  readonly files: readonly FilePart[]
}

/** Reads a JSON, multipart or urlencoded body; files may stand in the fields that are named, also with `[]`. */
export async function readForm(c: Context, fileFields: readonly string[]): Promise<FormBody> {
  const type = c.req.header('content-type') ?? ''
  if (!/^(?:multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) {
    const value = await readJsonBody(c)
    return { fields: { ...Object(value) }, files: [] }
  }
  const form = await parseForm(c)
  const fields: Record<string, unknown> = {}
  const files: FilePart[] = []
  for (const [name, value] of form) {
    const [, plain = name, inner = ''] = /^([^[]+)\[(\w*)\]$/.exec(name) ?? []
    const isNested = /\D/.test(inner)
    if (typeof value === 'string')
      fields[plain] = isNested ? { ...Object(fields[plain]), [inner]: value } : value
    else if (fileFields.includes(plain)) files.push(await readFormFile(plain, value))
    else throw refuse(plain, 'takes no file')
  }
  return { fields, files }
}
