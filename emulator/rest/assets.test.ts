import { expect, test } from 'bun:test'
import { answerText, framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService()

const CONTENT = btoa('a little picture')

async function upload(fileName: string, token?: string): Promise<Record<string, string>> {
  const body = { fileName, fileMimeType: 'image/png', content: CONTENT }
  const response = await service.post('/rest/app-chat/upload-file', body, token)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, string>
}

test('an uploaded file is served to its owner and to nobody else', async () => {
  const file = await upload('a.png')
  expect(file['fileMetadataId']).toBe(file['fileId'])
  const path = `/assets/${file['fileUri']}`
  const own = await service.send(path)
  expect(own.headers.get('content-type')).toBe('image/png')
  expect(await own.text()).toBe('a little picture')
  expect((await service.send(path, { token: 'demo-basic-token' })).status).toBe(403)
  expect((await service.send(path, { headers: { Cookie: '' } })).status).toBe(401)
})

test('a turn may name own files; those of another account are 404', async () => {
  const file = await upload('lighthouse.png')
  const body = { fileAttachments: [file['fileId']] }
  const frames = await framesOf(await service.chat({ message: '[user]: [[multimodal]]', body }))
  expect(answerText(frames)).toContain('lighthouse.png')
  expect((await service.chat({ body, token: 'demo-basic-token' })).status).toBe(404)
})

test('the list is paged and deletion removes the file from it', async () => {
  const token = 'demo-heavy-token'
  const ids = [
    (await upload('1.png', token))['fileId'],
    (await upload('2.png', token))['fileId'],
    (await upload('3.png', token))['fileId'],
  ]
  const page = async (query: string) =>
    objectIn(await (await service.send(`/rest/assets${query}`, { token })).json())
  const first = await page('?pageSize=2')
  expect(first['assets']).toMatchObject([{ assetId: ids[0], fileSize: 16 }, { assetId: ids[1] }])
  const second = await page(`?pageSize=2&pageToken=${String(first['nextPageToken'])}`)
  expect(second).toMatchObject({ assets: [{ assetId: ids[2] }], nextPageToken: '' })
  const path = `/rest/assets-metadata/${String(ids[0])}`
  expect((await service.send(path, { method: 'DELETE' })).status).toBe(404)
  expect((await service.send(path, { method: 'DELETE', token })).status).toBe(200)
  expect((await page(''))['assets']).toHaveLength(2)
})

test('an upload that is not Base64 is 400', async () => {
  const body = { fileName: 'a.png', fileMimeType: 'image/png', content: 'data:image/png;base64,AAAA' }
  expect((await service.post('/rest/app-chat/upload-file', body)).status).toBe(400)
})

test('a drawing yields two pictures whose paths hold a JPEG; moderated ones are withheld', async () => {
  const frames = await framesOf(await service.chat({ message: '[user]: Drawing: a red kite' }))
  const urls = objectIn(responsesIn(frames).at(-1)?.['modelResponse'])['generatedImageUrls']
  expect(urls).toHaveLength(2)
  const [url] = urls as string[]
  const picture = await service.send(`/assets/${url}`)
  expect(picture.headers.get('content-type')).toBe('image/jpeg')
  const bytes = new Uint8Array(await picture.arrayBuffer())
  expect([...bytes.slice(0, 2), ...bytes.slice(-2)]).toEqual([0xff, 0xd8, 0xff, 0xd9])
  expect((await service.send(`/assets/${url}`, { token: 'demo-basic-token' })).status).toBe(403)
  const moderated = await framesOf(await service.chat({ message: '[user]: [[moderated]]' }))
  expect(objectIn(responsesIn(moderated).at(-1)?.['modelResponse'])['generatedImageUrls']).toEqual([])
})
