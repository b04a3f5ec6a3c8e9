import { describe, expect, test } from 'bun:test'
import { encodeVideoBody, type SoleClip } from './video-body.ts'

const clip = {
  prompt: 'a lighthouse in fog',
  shape: { ratio: '9:16', resolution: '480p', preset: 'custom' },
  seconds: 6,
} as const satisfies SoleClip

const look = { aspectRatio: '9:16', duration: 6, resolutionName: '480p' }
const frame = {
  modelName: 'imagine-video-gen',
  message: 'a lighthouse in fog --mode=custom',
  enableImageStreaming: true,
  enableSideBySide: true,
  sendFinalMetadata: true,
  responseMetadata: { experiments: [], modelConfigOverride: { modelMap: {} } },
  kind: 'CONVERSATION_KIND_IMAGINE',
}

const bodyOf = (asked: SoleClip): unknown => JSON.parse(encodeVideoBody(asked))

describe('a clip by itself (spec/upstream-media.md §9.5)', () => {
  test('from words has these eight members and no others', () => {
    const mediaGenInput = { textToVideo: { prompt: clip.prompt, ...look } }
    expect(bodyOf(clip)).toEqual({ ...frame, mediaGenInput })
  })

  test('from a picture names it by its id', () => {
    const imageToVideo = { prompt: clip.prompt, inputAssets: ['file-1'], ...look, mode: 'custom' }
    expect(bodyOf({ ...clip, fileId: 'file-1' })).toEqual({ ...frame, mediaGenInput: { imageToVideo } })
  })

  test('from a picture without words has no prompt', () => {
    const shape = { ...clip.shape, preset: 'normal' } as const
    expect(bodyOf({ ...clip, shape, prompt: '', fileId: 'file-1' })).toEqual({
      ...frame,
      message: '--mode=normal',
      mediaGenInput: { imageToVideo: { inputAssets: ['file-1'], ...look, mode: 'normal' } },
    })
  })
})

describe('a clip under a post', () => {
  test('names the post, and what it goes on from (§9.3)', () => {
    const extension = { postId: 'post-2', elapsedSeconds: 10 }
    const body = encodeVideoBody({ ...clip, parentPostId: 'post-1', references: [], extension })
    expect(JSON.parse(body)).toMatchObject({
      temporary: true,
      responseMetadata: {
        modelConfigOverride: {
          modelMap: {
            videoGenModelConfig: {
              parentPostId: 'post-1',
              videoLength: 6,
              isVideoExtension: true,
              extendPostId: 'post-2',
              videoExtensionStartTime: 10.041667,
            },
          },
        },
      },
    })
    expect(body).not.toContain('mediaGenInput')
  })
})
