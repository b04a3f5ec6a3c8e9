import { expect, test } from 'bun:test'
import { CHAT_PATH, createPost, newEdit, oldEdit, uploadPicture } from '../testing/media-bodies.ts'
import { framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })
const KEY = 'streamingImageGenerationResponse'

async function edit(prompt: string): Promise<readonly Record<string, unknown>[]> {
  const { path } = await uploadPicture(service)
  const post = await createPost(service, { mediaType: 'MEDIA_POST_TYPE_IMAGE', prompt })
  const response = await service.post(CHAT_PATH, oldEdit(prompt, post, [`https://assets.grok.com/${path}`]))
  expect(response.status).toBe(200)
  return responsesIn(await framesOf(response))
}

const progress = (responses: readonly Record<string, unknown>[]) =>
  responses.flatMap((response) => (KEY in response ? [objectIn(response[KEY])] : []))
const modelResponse = (responses: readonly Record<string, unknown>[]) =>
  objectIn(responses.find((response) => 'modelResponse' in response)?.['modelResponse'])

test('the v2 body yields two pictures with previews; both files are there when they are named', async () => {
  const responses = await edit('make it blue')
  const frames = progress(responses)
  expect(frames.map((frame) => [frame['imageIndex'], frame['progress']])).toEqual([
    [0, 50],
    [1, 50],
    [0, 100],
    [1, 100],
  ])
  expect(String(frames[0]?.['imageUrl'])).toMatch(/^users\/.+-part-0\/image\.jpg$/)
  const urls = modelResponse(responses)['generatedImageUrls'] as string[]
  expect(urls).toHaveLength(2)
  for (const url of [...urls, String(frames[0]?.['imageUrl'])]) {
    const file = await service.send(`/assets/${url}`)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    expect((await service.send(`/assets/${url}`, { token: 'demo-heavy-token' })).status).toBe(403)
  }
})

test('the v3 body takes file ids, and needs no post', async () => {
  const { id } = await uploadPicture(service)
  const frames = progress(responsesIn(await framesOf(await service.post(CHAT_PATH, newEdit('x', [id])))))
  expect(frames.at(-1)).toMatchObject({ progress: 100, isFinal: true, moderated: false })
  expect(await service.control.generations()).toMatchObject([
    { kind: 'image-edit', dialect: 'v3', references: [id], ratio: '16:9', state: 'finished' },
  ])
})

test('unknown posts and references are 404, a wrong body is 400, a basic account 403', async () => {
  const { path } = await uploadPicture(service)
  const post = await createPost(service, { mediaType: 'MEDIA_POST_TYPE_IMAGE', prompt: 'x' })
  const status = async (body: unknown, token?: string) => (await service.post(CHAT_PATH, body, token)).status
  expect(await status(oldEdit('x', 'nowhere', [path]))).toBe(404)
  expect(await status(oldEdit('x', post, ['https://assets.grok.com/users/u/f/content']))).toBe(404)
  expect(await status(oldEdit('x', post, []))).toBe(400)
  expect(await status(oldEdit('x', post, [path]), 'demo-basic-token')).toBe(403)
  expect(await service.control.generations()).toEqual([])
})

test('words withhold pictures, leave out addresses, or make it fail', async () => {
  expect(modelResponse(await edit('[[moderated]]'))['generatedImageUrls']).toEqual([])
  expect(modelResponse(await edit('[[moderated:2]]'))['generatedImageUrls']).toHaveLength(1)
  expect(progress(await edit('[[asset-only]]')).at(-1)).not.toHaveProperty('imageUrl')
  expect(progress(await edit('[[no-url]]')).every((frame) => frame['progress'] === 50)).toBe(true)
  expect(modelResponse(await edit('[[fail]]'))).toEqual({})
  expect(progress(await edit('[[nested-usage-limit]]'))).toEqual([])
})

test('when nothing remains the stream says code 8, or the answer is 429', async () => {
  await service.control.patchAccount('demo-super-token', { mediaQuotas: { imageEdit: { total: 0 } } })
  const { id } = await uploadPicture(service)
  expect(await framesOf(await service.post(CHAT_PATH, newEdit('x', [id])))).toMatchObject([
    { error: { code: 8 } },
  ])
  await service.control.setBehaviour({ rateLimitStyle: 'http' })
  expect((await service.post(CHAT_PATH, newEdit('x', [id]))).status).toBe(429)
})
