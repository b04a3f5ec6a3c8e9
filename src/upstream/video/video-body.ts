import type { VideoPreset, VideoShape } from '../../core/video-request.ts'

/** A clip as the upstream is asked for it: under a post, or by itself. */
export type VideoClip = PostedClip | SoleClip

interface ClipWishes {
  readonly prompt: string
  readonly shape: VideoShape
  /** Its own length. */
  readonly seconds: number
}

/** A clip under a post, as the older protocol has it. */
export interface PostedClip extends ClipWishes {
  /** The post that the video is filed under. */
  readonly parentPostId: string
  /** Addresses of pictures to start from; the first clip only. */
  readonly references: readonly string[]
  /** What it goes on from; absent for the first clip. */
  readonly extension?: VideoExtension
}

/** A clip by itself, as the newer protocol has it. */
export interface SoleClip extends ClipWishes {
  readonly parentPostId?: undefined
  /** The picture to start from, as it was put up. */
  readonly fileId?: string | undefined
}

/** The end of what there is of a video. */
export interface VideoExtension {
  /** The clip that is extended. */
  readonly postId: string
  /** How long it is by now. */
  readonly elapsedSeconds: number
}

/** A clip ends one frame after its nominal length (spec/upstream-media.md §9.3). */
const FRAME_SECONDS = 1 / 24

const modeFlags: Readonly<Record<VideoPreset, string>> = {
  fun: 'extremely-crazy',
  normal: 'normal',
  spicy: 'extremely-spicy-or-crazy',
  custom: 'custom',
}

/** The body of one clip (spec/upstream-media.md §9.2, 9.3, 9.5). */
export function encodeVideoBody(clip: VideoClip): string {
  return JSON.stringify(clip.parentPostId === undefined ? soleBody(clip) : postedBody(clip))
}

/** The prompt as both protocols carry it, with how it is to be read. */
function messageOf(prompt: string, preset: VideoPreset): string {
  return `${prompt} --mode=${modeFlags[preset]}`.trim()
}

function postedBody(clip: PostedClip): object {
  return {
    temporary: true,
    modelName: 'imagine-video-gen',
    message: messageOf(clip.prompt, clip.shape.preset),
    enableSideBySide: true,
    responseMetadata: {
      experiments: [],
      modelConfigOverride: { modelMap: { videoGenModelConfig: encodeConfig(clip) } },
    },
  }
}

function encodeConfig({ prompt, shape, seconds, parentPostId, references, extension }: PostedClip) {
  const common = {
    parentPostId,
    aspectRatio: shape.ratio,
    videoLength: seconds,
    resolutionName: shape.resolution,
  }
  if (extension) {
    return {
      ...common,
      isVideoExtension: true,
      videoExtensionStartTime: Number((extension.elapsedSeconds + FRAME_SECONDS).toFixed(6)),
      extendPostId: extension.postId,
      stitchWithExtendPostId: true,
      originalPrompt: prompt,
      originalPostId: parentPostId,
      originalRefType: 'ORIGINAL_REF_TYPE_VIDEO_EXTENSION',
      mode: shape.preset,
      isVideoEdit: false,
    }
  }
  if (references.length === 0) return common
  return { ...common, isVideoEdit: false, isReferenceToVideo: true, imageReferences: references }
}

/** These eight members and no others. */
function soleBody({ prompt, shape, seconds, fileId }: SoleClip): object {
  const look = { aspectRatio: shape.ratio, duration: seconds, resolutionName: shape.resolution }
  // a picture may be set in motion without a word; then there is no prompt at all
  const words = prompt.trim() === '' ? {} : { prompt }
  return {
    modelName: 'imagine-video-gen',
    message: messageOf(prompt, shape.preset),
    enableImageStreaming: true,
    enableSideBySide: true,
    sendFinalMetadata: true,
    responseMetadata: { experiments: [], modelConfigOverride: { modelMap: {} } },
    mediaGenInput:
      fileId === undefined
        ? { textToVideo: { ...words, ...look } }
        : { imageToVideo: { ...words, inputAssets: [fileId], ...look, mode: shape.preset } },
    kind: 'CONVERSATION_KIND_IMAGINE',
  }
}
