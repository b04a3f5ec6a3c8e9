import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../answers/frame.ts'
import { mp4Facts } from '../testing/mp4-facts.ts'
import {
  CHAT_PATH,
  createPost,
  extensionOf,
  newVideo,
  oldVideo,
  uploadPicture,
} from '../testing/media-bodies.ts'
import { framesOf, objectIn, responsesIn, useTestService } from '../testing/service-client.ts'

const service = useTestService({ resetEach: true })
const KEY = 'streamingVideoGenerationResponse'

const videoPost = (prompt = 'a wave') => createPost(service, { mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt })
const progress = (responses: readonly JsonObject[]) =>
  responses.flatMap((response) => (KEY in response ? [objectIn(response[KEY])] : []))

async function make(body: JsonObject): Promise<readonly JsonObject[]> {
  await service.control.setBehaviour({ videoSeconds: 0.02 })
  const response = await service.post(CHAT_PATH, body)
  expect(response.status).toBe(200)
  return progress(responsesIn(await framesOf(response)))
}

async function clipAt(url: unknown) {
  const response = await service.send(`/assets/${String(url)}`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'video/mp4'])
  return mp4Facts(new Uint8Array(await response.arrayBuffer()))
}

async function children(parent: string): Promise<readonly JsonObject[]> {
  const answer = objectIn(await (await service.post('/rest/media/post/list', { limit: 40 })).json())
  const posts = (answer['posts'] as JsonObject[]).filter(({ id }) => id === parent)
  return posts.flatMap((post) => post['childPosts'] as JsonObject[])
}

describe('a clip', () => {
  test('in the v2 dialect climbs to 100 and has the asked size and length', async () => {
    const frames = await make(oldVideo('a wave', await videoPost()))
    const steps = frames.map((frame) => Number(frame['progress']))
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    const last = frames.at(-1) ?? {}
    expect(last).toMatchObject({ progress: 100, moderated: false, width: 480, height: 854 })
    expect(last['videoId']).toBe(last['assetId'])
    expect(await clipAt(last['videoUrl'])).toEqual({ seconds: 6, width: 480, height: 854 })
    expect((await service.send(`/assets/${String(last['thumbnailImageUrl'])}`)).status).toBe(200)
  })

  test('in the v3 dialect needs no post, from text or from a picture', async () => {
    const frames = await make(newVideo('a wave'))
    expect(await clipAt(frames.at(-1)?.['videoUrl'])).toEqual({ seconds: 8, width: 1280, height: 720 })
    const { id } = await uploadPicture(service)
    const imageToVideo = {
      inputAssets: [id],
      aspectRatio: '1:1',
      duration: 3,
      resolutionName: '480p',
      mode: 'normal',
    }
    const body = { ...newVideo(''), message: '--mode=normal', mediaGenInput: { imageToVideo } }
    expect(await clipAt((await make(body)).at(-1)?.['videoUrl'])).toEqual({
      seconds: 3,
      width: 480,
      height: 480,
    })
  })

  test('is extended from its end, and the result is as long as both', async () => {
    const parent = await videoPost()
    const first = (await make(oldVideo('a wave', parent))).at(-1)
    const extension = extensionOf(String(first?.['videoPostId']), 6.041667)
    const second = (await make(oldVideo('a wave', parent, { ...extension, videoLength: 10 }))).at(-1)
    expect(await clipAt(second?.['videoUrl'])).toMatchObject({ seconds: 16 })
    expect(await service.control.generations()).toMatchObject([
      {
        kind: 'video',
        prompt: 'a wave',
        parentPostId: parent,
        extendPostId: null,
        length: 6,
        state: 'finished',
      },
      { extendPostId: first?.['videoPostId'], startTime: 6.041667, length: 10, totalLength: 16 },
    ])
    expect(await children(parent)).toMatchObject([
      { videoId: first?.['videoId'], videoDuration: 6 },
      { videoId: second?.['videoId'], videoDuration: 16, videoExtensionStartTime: 6.041667 },
    ])
  })

  test('goes on when its client leaves, and is found by its post and its conversation', async () => {
    const parent = await videoPost()
    await service.control.setBehaviour({ videoSeconds: 60 })
    const leaving = new AbortController()
    const body = JSON.stringify(oldVideo('a wave', parent))
    const response = await service.send(CHAT_PATH, { method: 'POST', body, signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    await service.control.waitForRequest({ path: CHAT_PATH, outcome: 'client-closed' })
    expect(await service.control.generations()).toMatchObject([{ state: 'running' }])
    expect(await children(parent)).toEqual([])
    await service.control.advanceClock(61)
    const [generation] = await service.control.generations()
    expect(generation).toMatchObject({ state: 'finished' })
    const [child] = await children(parent)
    expect(child?.['mediaUrl']).toBe(`${service.url}/assets/${generation?.paths[0]}`)
    expect(await clipAt(generation?.paths[0])).toMatchObject({ seconds: 6 })
    const turns = `/rest/app-chat/conversations/${generation?.conversationId}/responses`
    const answer = await (await service.send(`${turns}?conversationKind=CONVERSATION_KIND_IMAGINE`)).text()
    expect(answer).toContain(String(generation?.paths[0]))
  })
})

describe('what it refuses', () => {
  test('unknown posts, clips and wrong start times', async () => {
    const parent = await videoPost()
    const clip = (await make(oldVideo('a wave', parent))).at(-1)
    const status = async (body: JsonObject, token?: string) =>
      (await service.post(CHAT_PATH, body, token)).status
    expect(await status(oldVideo('x', 'nowhere'))).toBe(404)
    expect(await status(oldVideo('x', parent), 'demo-heavy-token')).toBe(404)
    expect(await status(oldVideo('x', parent, extensionOf('nowhere', 6.041667)))).toBe(404)
    expect(await status(oldVideo('x', parent, extensionOf(String(clip?.['videoId']), 6)))).toBe(400)
    expect(await status(oldVideo('x', parent, { videoLength: 60 }))).toBe(400)
    expect(await service.control.generations()).toHaveLength(1)
  })

  test('accounts without the right or the quota', async () => {
    expect((await service.post(CHAT_PATH, newVideo('x'), 'demo-basic-token')).status).toBe(403)
    await service.control.setBehaviour({ mediaTier: 'basic', videoSeconds: 0 })
    expect((await service.post(CHAT_PATH, newVideo('x'), 'demo-basic-token')).status).toBe(200)
    await service.control.patchAccount('demo-super-token', { mediaQuotas: { video720p: { remaining: 0 } } })
    expect(await framesOf(await service.post(CHAT_PATH, newVideo('x')))).toMatchObject([
      { error: { code: 8 } },
    ])
    const info = await service.post('/rest/media/imagine/quota_info', {})
    expect(await info.json()).toMatchObject({
      image: null,
      video720p: { available: true, remainingQueries: 0 },
    })
  })
})

describe('words', () => {
  test('moderated, asset-only, no-url and absolute-url change the last frame', async () => {
    const last = async (prompt: string) => (await make(newVideo(prompt))).at(-1) ?? {}
    expect(await last('[[moderated]]')).toMatchObject({ progress: 100, moderated: true, videoUrl: '' })
    expect(await last('[[asset-only]]')).not.toHaveProperty('videoUrl')
    expect(await last('[[no-url]]')).toMatchObject({ progress: 95 })
    expect(String((await last('[[absolute-url]]'))['videoUrl'])).toStartWith(`${service.url}/assets/users/`)
    expect((await service.control.generations()).map(({ state }) => state)).toEqual([
      'moderated',
      'finished',
      'finished',
      'finished',
    ])
  })

  test('html-file puts a page where the clip should be', async () => {
    const url = (await make(newVideo('[[html-file]]'))).at(-1)?.['videoUrl']
    const response = await service.send(`/assets/${String(url)}`)
    expect(response.headers.get('content-type')).toStartWith('text/html')
    expect(await response.text()).toStartWith('<!DOCTYPE html>')
  })

  test('errors come in the stream; only a late one has made something', async () => {
    await service.control.setBehaviour({ videoSeconds: 0 })
    const frames = async (prompt: string) => framesOf(await service.post(CHAT_PATH, newVideo(prompt)))
    expect(await frames('[[anti-bot]]')).toMatchObject([{ error: { code: 7 } }])
    expect(JSON.stringify(await frames('[[nested-usage-limit]]'))).toContain('usage limit')
    expect(await service.control.generations()).toEqual([])
    expect((await frames('[[error-late]]')).at(-1)).toMatchObject({ error: { code: 13 } })
    expect((await frames('[[fail]]')).at(-1)).toMatchObject({ error: { code: 13 } })
    const states = (await service.control.generations()).map(({ state }) => state)
    expect(states).toEqual(['finished', 'failed'])
  })

  test('the three encodings are those of chat', async () => {
    await service.control.setBehaviour({ videoSeconds: 0 })
    const sse = await (await service.post(CHAT_PATH, newVideo('[[data-prefix]]'))).text()
    expect(sse).toStartWith('data: {')
    expect(sse).toEndWith('data: [DONE]\n')
    expect(await (await service.post(CHAT_PATH, newVideo('[[no-newline]]'))).text()).not.toContain('\n')
  })
})

test('a clip can be shared without cookies, upscaled, and read in parts', async () => {
  const clip = (await make(oldVideo('a wave', await videoPost()))).at(-1)
  const postId = String(clip?.['videoPostId'])
  const link = await service.post('/rest/media/post/create-link', {
    postId,
    source: 'post-page',
    platform: 'web',
  })
  expect(objectIn(await link.json())['shareLink']).toStartWith('https://grok.com/imagine/post/')
  const shared = await fetch(`${service.url}/public/imagine-public/share-videos/${postId}.mp4?cache=1`)
  expect(shared.headers.get('content-type')).toBe('video/mp4')
  const upscaled = await service.post('/rest/media/video/upscale', { videoId: clip?.['videoId'] })
  const hd = await service.send(new URL(String(objectIn(await upscaled.json())['hdMediaUrl'])).pathname)
  expect(mp4Facts(new Uint8Array(await hd.arrayBuffer()))).toEqual({ seconds: 6, width: 720, height: 1280 })
  const headers = { Range: 'bytes=4-7' }
  const part = await service.send(`/assets/${String(clip?.['videoUrl'])}`, {
    headers: { ...headers, Cookie: 'sso=demo-super-token; sso-rw=demo-super-token' },
  })
  expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
})
