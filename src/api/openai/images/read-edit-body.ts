import type { Context } from 'hono'
import { z } from 'zod'
import { parseFileUrl, type FilePart } from '../../../core/chat-request.ts'
import { GatewayError } from '../../../core/error.ts'
import { refuse } from '../../chat-door.ts'
import { parseForm, readFormFile, type Form } from '../parse-form.ts'
import { parseWith } from '../../parse-with.ts'
import { readJsonBody } from '../../request-body.ts'

/** The body of an edit: its fields, and the pictures to start from. */
export interface EditBody {
  readonly fields: unknown
  readonly references: readonly FilePart[]
}

/** The fields of a form that hold pictures: one, or several. */
const PICTURE_FIELD = /^image(?:\[\d*\])?$/
const NUMBERS: ReadonlySet<string> = new Set([
  'n',
  'partial_images',
  'output_compression',
  'frame_count',
  'frame_duration_ms',
])

/** Reads the body of an edit, a form or JSON. */
export async function readEditBody(c: Context): Promise<EditBody> {
  const contentType = c.req.header('content-type') ?? ''
  if (/^multipart\/form-data\b/i.test(contentType)) return readForm(await parseForm(c))
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) {
    const message = `Send the body as multipart/form-data or application/json, not as ${contentType || 'nothing'}.`
    throw new GatewayError('unsupported_media_type', message)
  }
  return readJson(await readJsonBody(c))
}

async function readForm(form: Form): Promise<EditBody> {
  const fields: Record<string, unknown> = {}
  const references: FilePart[] = []
  for (const [name, value] of form.entries()) {
    if (PICTURE_FIELD.test(name)) references.push(await readPicture(name, value))
    // the first of a name counts
    else fields[name] ??= typeof value === 'string' ? parseField(name, value) : value
  }
  return { fields, references }
}

async function readPicture(name: string, value: string | File): Promise<FilePart> {
  if (typeof value === 'string') return pictureAt(value, name)
  return readFormFile(name, value)
}

/** A field of a form is a text; what it stands for, its name says. */
function parseField(name: string, text: string): unknown {
  if (name === 'stream' && (text === 'true' || text === 'false')) return text === 'true'
  return NUMBERS.has(name) && text.trim() !== '' ? Number(text) : text
}

const address = z.union([z.string(), z.object({ url: z.string() })], {
  error: 'must be an address or a data URI',
})
const picture = z.union(
  [
    z.string(),
    z.object({ url: z.string() }),
    z.object({ image_url: address }),
    z.object({ file_id: z.string() }),
  ],
  { error: 'must be an address, a data URI or an object with image_url' },
)
const pictures = z.union([picture, z.array(picture)], { error: 'must be a picture or an array of pictures' })
const jsonPictures = z.object({ image: pictures.nullish(), images: pictures.nullish() })

type JsonPicture = z.output<typeof picture>

function readJson(body: unknown): EditBody {
  const { image, images } = parseWith(jsonPictures, body)
  return { fields: body, references: [...listPictures(image, 'image'), ...listPictures(images, 'images')] }
}

function listPictures(
  given: JsonPicture | readonly JsonPicture[] | null | undefined,
  param: string,
): readonly FilePart[] {
  if (given === null || given === undefined) return []
  if (!isList(given)) return [jsonPicture(given, param)]
  return given.map((one, index) => jsonPicture(one, `${param}.${index}`))
}

function isList(given: JsonPicture | readonly JsonPicture[]): given is readonly JsonPicture[] {
  return Array.isArray(given)
}

function jsonPicture(given: JsonPicture, param: string): FilePart {
  if (typeof given === 'string') return pictureAt(given, param)
  if ('file_id' in given) throw refuse(`${param}.file_id`, 'files are not kept here; send the picture itself')
  if ('url' in given) return pictureAt(given.url, `${param}.url`)
  const { image_url: at } = given
  return pictureAt(typeof at === 'string' ? at : at.url, `${param}.image_url`)
}

function pictureAt(url: string, param: string): FilePart {
  const source = parseFileUrl(url)
  if (!source) throw refuse(param, 'a data URI must be base64')
  return { type: 'file', source, param }
}
