import { z } from 'zod'
import { parseFileUrl, type ContentPart, type FilePart } from '../../../core/chat-request.ts'
import { refuse } from '../../chat-door.ts'
import { parseAt } from './parse-at.ts'
import { looseObject } from './schema-body.ts'

const textPart = z.object({ text: z.string({ error: 'must be a string' }) })
const refusalPart = z.object({ refusal: z.string({ error: 'must be a string' }) })
const imagePart = z.object({
  image_url: z
    .union([z.string(), z.object({ url: z.string() })], { error: 'must be an address or a data URI' })
    .nullish(),
  file_id: z.string().nullish(),
})
const filePart = z.object({
  file_data: z.string().nullish(),
  file_url: z.string().nullish(),
  file_id: z.string().nullish(),
  filename: z.string().nullish(),
})

/** Parses the content of a message or of a tool's result: a string, or a list of parts; others are refused by name. */
export function parseContent(content: unknown, path: string): readonly ContentPart[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw refuse(path, 'must be a string or an array of content parts')
  return content.map((part, index) => parsePart(part, `${path}.${index}`))
}

function parsePart(part: unknown, path: string): ContentPart {
  const { type } = parseAt(looseObject, part, path)
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      return { type: 'text', text: parseAt(textPart, part, path).text }
    case 'refusal':
      return { type: 'text', text: parseAt(refusalPart, part, path).refusal }
    case 'input_image':
    case 'image_url':
    case 'computer_screenshot':
      return parseImage(parseAt(imagePart, part, path), path)
    case 'input_file':
      return parseFile(parseAt(filePart, part, path), path)
    default:
      throw refuse(`${path}.type`, `content of type '${String(type)}' is not served`)
  }
}

function parseImage({ image_url, file_id }: z.output<typeof imagePart>, path: string): FilePart {
  if (file_id) throw refuse(`${path}.file_id`, 'files are not kept here; send the picture as image_url')
  const url = typeof image_url === 'string' ? image_url : image_url?.url
  if (!url) throw refuse(`${path}.image_url`, 'must be an address or a data URI')
  return filePartOf(url, `${path}.image_url`)
}

function parseFile(file: z.output<typeof filePart>, path: string): FilePart {
  const { file_data: data, file_url: url, file_id: id, filename } = file
  const name = filename ? { name: filename } : {}
  if (id) throw refuse(`${path}.file_id`, 'files are not kept here; send file_data or file_url')
  if (url) return { ...filePartOf(url, `${path}.file_url`), ...name }
  if (!data) throw refuse(path, 'needs file_data or file_url')
  const param = `${path}.file_data`
  if (/^data:/i.test(data)) return { ...filePartOf(data, param), ...name }
  return { type: 'file', source: { type: 'base64', data }, param, ...name }
}

function filePartOf(url: string, param: string): FilePart {
  const source = parseFileUrl(url)
  if (!source) throw refuse(param, 'a data URI must be base64')
  return { type: 'file', source, param }
}
