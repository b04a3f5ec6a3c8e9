import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { sampleFiles } from '../../src/media/sample-files-for-tests.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { imageSize } from '../harness/image-size.ts'
import { readJson } from '../harness/json.ts'
import { onBothProtocols } from '../harness/protocols.ts'

const ASK = '/rest/app-chat/conversations/new'
const POST = '/rest/media/post/create'
const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/

onBothProtocols('an edit of pictures', (protocol) => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await protocol.start({ accounts: [{ token: 'token-super', tier: 'super' }] })
  })
  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })
  afterAll(() => gateway.stop())

  const png = `data:image/png;base64,${sampleFiles['image/png'].toString('base64')}`
  const edit = (more: object = {}) =>
    gateway.post('/v1/images/edits', { prompt: 'make @IMAGE1 blue', image: png, ...more })
  const bodies = async (path: string) =>
    (await gateway.emulator.requests({ path })).map(({ body }) => body as Record<string, unknown>)

  test('brings as many pictures as were asked for', async () => {
    const response = await edit({ n: 2, response_format: 'b64_json' })
    expect(response.status).toBe(200)
    const { data } = await readJson<{ data: readonly { b64_json: string }[] }>(response)
    expect(data).toHaveLength(2)
    for (const { b64_json } of data) expect(imageSize(Buffer.from(b64_json, 'base64'))).toBeDefined()
    // the newer protocol makes one picture per call
    expect(await bodies(ASK)).toHaveLength(protocol.name === 'gateway' ? 2 : 1)
  })

  test('is asked for as its protocol words it', async () => {
    expect((await edit({ size: '1024x1024' })).status).toBe(200)
    const [asked] = await bodies(ASK)
    const posts = await bodies(POST)
    if (protocol.name === 'rest') {
      expect(posts).toEqual([
        { mediaType: 'MEDIA_POST_TYPE_IMAGE', prompt: expect.stringMatching(/^make @[0-9a-f-]{36} blue$/) },
      ])
      expect(asked).toMatchObject({ modelName: 'imagine-image-edit', imageGenerationCount: 2 })
      expect(asked).not.toHaveProperty('mediaGenInput')
    } else {
      expect(posts).toEqual([])
      expect(asked).toEqual({
        modelName: 'imagine-image-edit',
        message: 'make @IMAGE1 blue',
        enableImageStreaming: true,
        enableSideBySide: true,
        sendFinalMetadata: true,
        mediaGenInput: {
          imageToImage: {
            prompt: 'make @IMAGE1 blue',
            inputAssets: [expect.stringMatching(ID)],
            aspectRatio: '1:1',
          },
        },
      })
    }
  })

  test('of a picture that the upstream does not take says so', async () => {
    const action = { type: 'http', kind: 'bad-request' } as const
    await gateway.emulator.addFault({ path: protocol.uploadPath, action })
    const response = await edit({
      image: `data:image/png;base64,${Buffer.concat([sampleFiles['image/png'], Buffer.from('other')]).toString('base64')}`,
    })
    expect(response.status).toBe(502)
    expect(await bodies(ASK)).toEqual([])
  })
})
