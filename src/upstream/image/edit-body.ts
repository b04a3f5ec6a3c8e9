/** An edit of pictures that were put up. */
export interface EditBodyOptions {
  readonly message: string
  /** Full addresses of the pictures to start from, in order. */
  readonly imageUrls: readonly string[]
  /** The post that the edit is filed under. */
  readonly postId: string
}

/** Pictures that the service makes for one edit, whatever is asked (spec/upstream-media.md §8.1). */
export const PICTURES_PER_EDIT = 2

/** The body of an edit, Gen-A (spec/upstream-media.md §8.1). */
export function encodeEditBody({ message, imageUrls, postId }: EditBodyOptions): string {
  return JSON.stringify({
    temporary: true,
    modelName: 'imagine-image-edit',
    message,
    enableImageGeneration: true,
    returnImageBytes: false,
    returnRawGrokInXaiRequest: false,
    enableImageStreaming: true,
    imageGenerationCount: PICTURES_PER_EDIT,
    forceConcise: false,
    enableSideBySide: true,
    sendFinalMetadata: true,
    isReasoning: false,
    disableTextFollowUps: true,
    responseMetadata: {
      modelConfigOverride: {
        modelMap: {
          imageEditModel: 'imagine',
          imageEditModelConfig: { imageReferences: imageUrls, parentPostId: postId },
        },
      },
    },
    disableMemory: true,
    forceSideBySide: false,
  })
}

/** An edit as the newer protocol words it. */
export interface EditInput {
  readonly prompt: string
  /** The pictures to start from, as they were put up, in order. */
  readonly fileIds: readonly string[]
  /** Absent: the service chooses. */
  readonly ratio?: string
}

/** The body of an edit, Gen-B: these six members and no others (spec/upstream-media.md §8.2). */
export function encodeEditInput({ prompt, fileIds, ratio }: EditInput): string {
  return JSON.stringify({
    modelName: 'imagine-image-edit',
    message: prompt,
    enableImageStreaming: true,
    enableSideBySide: true,
    sendFinalMetadata: true,
    mediaGenInput: {
      imageToImage: { prompt, inputAssets: fileIds, ...(ratio !== undefined && { aspectRatio: ratio }) },
    },
  })
}
