import type { JsonObject } from '../answers/frame.ts'
import { objectIn, type TestService } from './service-client.ts'

/** The path of E2. */
export const CHAT_PATH = '/rest/app-chat/conversations/new'

/** Uploads a picture and returns its id and path. */
export async function uploadPicture(service: TestService): Promise<{ id: string; path: string }> {
  const body = { fileName: 'a.png', fileMimeType: 'image/png', content: btoa('a picture') }
  const answer = objectIn(await (await service.post('/rest/app-chat/upload-file', body)).json())
  return { id: String(answer['fileMetadataId']), path: String(answer['fileUri']) }
}

/** Creates a media post and returns its id. */
export async function createPost(service: TestService, fields: JsonObject): Promise<string> {
  const response = await service.post('/rest/media/post/create', fields)
  const { post } = objectIn(await response.json())
  return String(objectIn(post)['id'])
}

/** The v2 body of an edit, spec/upstream-media.md §8.1. */
export function oldEdit(
  message: string,
  parentPostId: string,
  imageReferences: readonly string[],
): JsonObject {
  const imageEditModelConfig = { imageReferences, parentPostId }
  return {
    temporary: true,
    modelName: 'imagine-image-edit',
    message,
    imageGenerationCount: 2,
    responseMetadata: {
      modelConfigOverride: { modelMap: { imageEditModel: 'imagine', imageEditModelConfig } },
    },
  }
}

/** The v3 body of an edit, spec/upstream-media.md §8.2. */
export function newEdit(prompt: string, inputAssets: readonly string[]): JsonObject {
  return {
    modelName: 'imagine-image-edit',
    message: prompt,
    enableImageStreaming: true,
    enableSideBySide: true,
    sendFinalMetadata: true,
    mediaGenInput: { imageToImage: { prompt, inputAssets, aspectRatio: '16:9' } },
  }
}

/** The v2 body of a clip, spec/upstream-media.md §9.2 and §9.3. */
export function oldVideo(prompt: string, parentPostId: string, config: JsonObject = {}): JsonObject {
  const videoGenModelConfig = {
    parentPostId,
    aspectRatio: '9:16',
    videoLength: 6,
    resolutionName: '480p',
    ...config,
  }
  return {
    temporary: true,
    modelName: 'imagine-video-gen',
    message: `${prompt} --mode=custom`,
    enableSideBySide: true,
    responseMetadata: { experiments: [], modelConfigOverride: { modelMap: { videoGenModelConfig } } },
  }
}

/** What an extension adds to the configuration of a clip. */
export function extensionOf(extendPostId: string, videoExtensionStartTime: number): JsonObject {
  return {
    isVideoExtension: true,
    videoExtensionStartTime,
    extendPostId,
    stitchWithExtendPostId: true,
    originalPrompt: 'a wave',
    originalRefType: 'ORIGINAL_REF_TYPE_VIDEO_EXTENSION',
    mode: 'custom',
    isVideoEdit: false,
  }
}

/** The v3 body of a clip, spec/upstream-media.md §9.5. */
export function newVideo(prompt: string, fields: JsonObject = {}): JsonObject {
  const textToVideo = { prompt, aspectRatio: '16:9', duration: 8, resolutionName: '720p', ...fields }
  return {
    modelName: 'imagine-video-gen',
    message: `${prompt} --mode=custom`,
    enableImageStreaming: true,
    enableSideBySide: true,
    sendFinalMetadata: true,
    responseMetadata: { experiments: [], modelConfigOverride: { modelMap: {} } },
    mediaGenInput: { textToVideo },
    kind: 'CONVERSATION_KIND_IMAGINE',
  }
}
