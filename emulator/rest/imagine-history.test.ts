import { expect, test } from 'bun:test'
import { openImagine } from '../testing/imagine-client.ts'
import { CHAT_PATH, createPost, newVideo } from '../testing/media-bodies.ts'
import { framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })

async function json(path: string, token?: string): Promise<Record<string, unknown>> {
  return objectIn(await (await service.send(path, token === undefined ? {} : { token })).json())
}

test('the history shows own conversations newest first, each with its file', async () => {
  await service.control.setBehaviour({ videoSeconds: 0 })
  for (const prompt of ['one', 'two']) await (await service.post(CHAT_PATH, newVideo(prompt))).text()
  const path = '/rest/app-chat/conversations?pageSize=1&kind=CONVERSATION_KIND_IMAGINE'
  const first = await json(path)
  expect(first['conversations']).toMatchObject([
    { title: 'two', latestAssetMetadata: { mimeType: 'video/mp4', name: 'generated_video.mp4' } },
  ])
  const second = await json(`${path}&pageToken=${String(first['nextPageToken'])}`)
  expect(second).toMatchObject({ conversations: [{ title: 'one' }], nextPageToken: '' })
  expect((await json(path, 'demo-heavy-token'))['conversations']).toEqual([])
  const assets = await json('/rest/assets?workspaceKind=WORKSPACE_KIND_IMAGINE_ALL')
  expect(assets['assets']).toMatchObject([{ isModelGenerated: true }, { isModelGenerated: true }])
})

test('posts that clients made are listed newest first and in pages', async () => {
  const ids: string[] = []
  for (const prompt of ['one', 'two', 'three']) {
    ids.push(await createPost(service, { mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt }))
  }
  const page = async (cursor: string) =>
    objectIn(await (await service.post('/rest/media/post/list', { limit: 2, cursor })).json())
  const first = await page('')
  expect(first['posts']).toMatchObject([{ id: ids[2], originalPrompt: 'three' }, { id: ids[1] }])
  expect(await page(String(first['nextCursor']))).toMatchObject({ posts: [{ id: ids[0] }], nextCursor: '' })
  const wrong = await service.post('/rest/media/post/create', { mediaType: 'MEDIA_POST_TYPE_VIDEO' })
  expect(wrong.status).toBe(400)
})

test('a picture of the socket is a post that a clip can start from', async () => {
  const client = await openImagine(service.url)
  client.ask('a kite', { num_generations: 1 })
  const frames = await client.round(1)
  client.close()
  const answer = objectIn(await (await service.post('/rest/media/post/list', {})).json())
  expect(answer['posts']).toMatchObject([{ id: frames[0]?.['image_id'], mimeType: 'image/jpeg' }])
})

test('drawings in chat can be withheld one by one, be missing, or meet the limit', async () => {
  const draw = async (word: string) =>
    responsesIn(await framesOf(await service.chat({ message: `Drawing: ${word} a kite` })))
  const urls = async (word: string) => {
    const found = (await draw(word)).find((response) => 'modelResponse' in response)
    return objectIn(found?.['modelResponse'])['generatedImageUrls']
  }
  expect(await urls('')).toHaveLength(2)
  expect(await urls('[[moderated:2]]')).toHaveLength(1)
  expect(await urls('[[no-url]]')).toEqual([])
  expect(JSON.stringify(await draw('[[nested-usage-limit]]'))).toContain('systemErrCode')
  await service.control.addFault({
    path: CHAT_PATH,
    action: { type: 'media', effect: 'moderated', slots: [0] },
  })
  expect(await urls('')).toHaveLength(1)
})
