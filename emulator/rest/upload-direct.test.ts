import { expect, test } from 'bun:test'
import { objectIn, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })
const PATH = '/http/upload-file-v2/direct'
// Not valid UTF-8: bytes must pass untouched.
const BYTES = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0xfe])

async function upload(fileName: string, source?: string): Promise<Response> {
  const form = new FormData()
  form.append('file', new File([BYTES], fileName, { type: 'image/png' }))
  if (source !== undefined) form.append('file_source', source)
  return service.send(PATH, { method: 'POST', body: form })
}

test('a file comes back byte for byte, and the record tells its parts', async () => {
  const answer = objectIn(await (await upload('köte "1".png', 'IMAGINE_SELF_UPLOAD_FILE_SOURCE')).json())
  expect(answer['terminalError']).toBeNull()
  const metadata = objectIn(answer['fileMetadata'])
  expect(metadata['fileMetadataId']).toBe(metadata['fileId'])
  const file = await service.send(`/assets/${String(metadata['fileUri'])}`)
  expect(file.headers.get('content-type')).toBe('image/png')
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(BYTES)
  const { body } = await service.control.waitForRequest({ path: PATH })
  expect(body).toMatchObject({
    multipart: [{ name: 'file', contentType: 'image/png', sizeBytes: 7 }, { name: 'file_source' }],
  })
})

test('it can be rejected, lose its ids, or be no upload at all', async () => {
  expect(await (await upload('[[terminal-error]].png')).json()).toMatchObject({
    terminalError: { code: 'UNSUPPORTED_FILE' },
  })
  await service.control.addFault({ path: PATH, action: { type: 'media', effect: 'missing-id' } })
  const metadata = objectIn(objectIn(await (await upload('a.png')).json())['fileMetadata'])
  expect(metadata).not.toHaveProperty('fileMetadataId')
  expect((await service.post(PATH, {})).status).toBe(400)
  expect((await upload('a.png', 'SOMETHING_ELSE')).status).toBe(400)
})
