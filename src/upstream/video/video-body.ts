import type { VideoPreset, VideoShape } from '../../core/video-request.ts'

/** A clip as the upstream is asked for it. */
export interface VideoClip {
  readonly prompt: string
  readonly shape: VideoShape
  /** Its own length. */
  readonly seconds: number
  /** The post that the video is filed under. */
  readonly parentPostId: string
  /** Addresses of pictures to start from; the first clip only. */
  readonly references: readonly string[]
  /** What it goes on from; absent for the first clip. */
  readonly extension?: VideoExtension
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

/** The Gen-A body of one clip (spec/upstream-media.md §9.2, 9.3). */
export function encodeVideoBody(clip: VideoClip): string {
  const { prompt, shape } = clip
  return JSON.stringify({
    temporary: true,
    modelName: 'imagine-video-gen',
    message: `${prompt} --mode=${modeFlags[shape.preset]}`.trim(),
    enableSideBySide: true,
    responseMetadata: {
      experiments: [],
      modelConfigOverride: { modelMap: { videoGenModelConfig: encodeConfig(clip) } },
    },
  })
}

function encodeConfig({ prompt, shape, seconds, parentPostId, references, extension }: VideoClip) {
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
