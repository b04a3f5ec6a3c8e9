import type { EmulatorState } from '../state/emulator-state.ts'
import type { StoredPost } from '../state/stores.ts'
import { assetUrl } from './addresses.ts'
import { baseClip, VIDEO_RATIOS, VIDEO_RESOLUTIONS } from './clips.ts'
import type { Size } from './picture.ts'
import { imageSize } from './sizes.ts'

/** A post as the service shows it (spec/upstream-media.md §7), with everything finished that was made from it. */
export function postView(state: EmulatorState, post: StoredPost, origin: string): object {
  const children = state.posts
    .list()
    .filter(({ parentPostId }) => parentPostId === post.postId)
    .map((child) => ({ post: child, view: viewAlone(state, child, origin) }))
  const viewsOf = (mediaType: StoredPost['mediaType']): readonly object[] =>
    children.filter((child) => child.post.mediaType === mediaType).map(({ view }) => view)
  return {
    ...viewAlone(state, post, origin),
    childPosts: children.map(({ view }) => view),
    images: viewsOf('MEDIA_POST_TYPE_IMAGE'),
    videos: viewsOf('MEDIA_POST_TYPE_VIDEO'),
  }
}

function viewAlone(state: EmulatorState, post: StoredPost, origin: string): object {
  const { generation, mediaType, mediaUrl, parentPostId } = post
  const isVideo = mediaType === 'MEDIA_POST_TYPE_VIDEO'
  return {
    id: post.postId,
    userId: post.userId,
    createTime: post.createdAt,
    prompt: post.prompt,
    originalPrompt: post.prompt,
    mediaType,
    mediaUrl: mediaUrl.startsWith('users/') ? assetUrl(state, origin, mediaUrl) : mediaUrl,
    mimeType: isVideo ? 'video/mp4' : 'image/jpeg',
    audioUrls: [],
    childPosts: [],
    images: [],
    videos: [],
    inputMediaItems: [],
    availableActions: [],
    mode: generation?.references.length === 0 ? 'text' : 'custom',
    moderated: false,
    rRated: false,
    isRootUserUploaded: generation === null && mediaUrl !== '',
    ...(parentPostId === null ? {} : { originalPostId: parentPostId }),
    ...(generation === null ? {} : generatedFields(state, generation, origin)),
  }
}

function generatedFields(
  state: EmulatorState,
  generation: NonNullable<StoredPost['generation']>,
  origin: string,
): object {
  const { startTime, extendPostId, totalLength } = generation
  const thumbnail = generation.paths[1]
  return {
    // The asset id, by which a stream that was lost knows its clip again.
    assetId: generation.id,
    ...(generation.kind === 'video' ? { videoId: generation.id } : {}),
    modelName: generation.kind === 'video' ? 'imagine-video-gen' : 'imagine-image-edit',
    resolution: sizeOf(generation.ratio, generation.resolution),
    ...(generation.resolution === null ? {} : { resolutionName: generation.resolution }),
    ...(totalLength === null ? {} : { videoDuration: totalLength }),
    ...(startTime === null ? {} : { videoExtensionStartTime: startTime }),
    ...(extendPostId === null ? {} : { extendPostId, originalRefType: 'ORIGINAL_REF_TYPE_VIDEO_EXTENSION' }),
    ...(thumbnail === undefined ? {} : { thumbnailImageUrl: assetUrl(state, origin, thumbnail) }),
  }
}

function sizeOf(ratio: string, resolution: string | null): Size {
  const videoRatio = VIDEO_RATIOS.find((known) => known === ratio)
  const videoResolution = VIDEO_RESOLUTIONS.find((known) => known === resolution)
  if (videoRatio === undefined || videoResolution === undefined) return imageSize(ratio)
  const { width, height } = baseClip(videoRatio, videoResolution)
  return { width, height }
}
