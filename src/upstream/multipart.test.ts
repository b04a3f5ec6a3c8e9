import { expect, test } from 'bun:test'
import { encodeMultipart } from './multipart.ts'

const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
const file = { name: 'a.png', mediaType: 'image/png', bytes }

test('a form is read back as it was written, bytes as they are', async () => {
  const { body, contentType } = encodeMultipart(file, { file_source: 'SOURCE' })
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  expect([...form.keys()]).toEqual(['file', 'file_source'])
  expect(form.get('file_source')).toBe('SOURCE')
  const part = form.get('file') as File
  expect([part.name, part.type]).toEqual(['a.png', 'image/png'])
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes)
})

test.each([
  ['Übersicht 图.pdf', 'Übersicht 图.pdf'],
  ['a "b" \\c.txt', String.raw`a \"b\" \\c.txt`],
  ['a\r\nb\u0000c\u007f.txt', 'ab_c_.txt'],
  [' \r\n', 'upload.bin'],
  ['', 'upload.bin'],
])('the name %j is written as %s', (name, written) => {
  const { body } = encodeMultipart({ ...file, name }, {})
  expect(body.toString()).toContain(`; filename="${written}"\r\n`)
})
