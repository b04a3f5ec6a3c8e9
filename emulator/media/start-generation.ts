import { withoutScenarioWords } from '../answers/scenario-words.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Generation } from '../state/generations.ts'
import type { MediaFault } from '../state/faults.ts'
import { baseClip } from './clips.ts'
import type { EditRequest, MediaRequest, VideoRequest } from './media-request.ts'
import { writeMp4 } from './mp4.ts'
import { finalPicture, previewJpeg, type PictureFacts } from './picture.ts'
import { disturbFile, servedFile } from './put-files.ts'
import { imageSize } from './sizes.ts'

/** What a generation is started from. */
export interface GenerationStart<Request extends MediaRequest = MediaRequest> {
  readonly state: EmulatorState
  readonly account: Account
  readonly request: Request
  readonly conversationId: string
  readonly faults: readonly MediaFault[]
  readonly seconds: number
  /** Position of a picture among those of its request. */
  readonly slot: number
  /** The clip that is extended. */
  readonly previous: Generation | null
}

/** Starts an edit: its preview is there at once, the picture when its time has come. */
export function startEdit(start: GenerationStart<EditRequest>): Generation {
  const { state, account, request, faults, slot } = start
  const generation = describe(start, 'image.jpg')
  const { id, prompt } = generation
  const facts: PictureFacts = { ...imageSize(request.ratio), prompt, slot, label: 'EDIT', id }
  const put = (path: string, bytes: Uint8Array<ArrayBuffer>): void =>
    state.generatedFiles.put(
      path,
      disturbFile(servedFile(state, account.userId, 'image/jpeg', bytes), faults),
    )
  put(`users/${account.userId}/generated/${id}-part-0/image.jpg`, previewJpeg(facts))
  state.generations.add(generation, () => {
    if (generation.ending !== 'finished') return
    for (const path of generation.paths) put(path, finalPicture(facts))
    putPost(state, generation, 'MEDIA_POST_TYPE_IMAGE')
  })
  return generation
}

/** Starts a clip; its file, still and post appear when its time has come. */
export function startVideo(start: GenerationStart<VideoRequest>): Generation {
  const { state, account, request, faults } = start
  const generation = describe(start, 'generated_video.mp4', 'preview_image.jpg')
  const { id, prompt, paths } = generation
  state.generations.add(generation, () => {
    if (generation.ending !== 'finished') return
    const clip = baseClip(request.ratio, request.resolution)
    const mp4 = writeMp4(clip, generation.totalLength ?? request.length, `${prompt}\n${id}`)
    const { width, height } = clip
    const still = finalPicture({ width, height, prompt, slot: 0, label: 'VIDEO', id })
    const [video = '', thumbnail = ''] = paths
    const file = disturbFile(servedFile(state, account.userId, 'video/mp4', mp4), faults)
    state.generatedFiles.put(video, file)
    state.generatedFiles.put(thumbnail, servedFile(state, account.userId, 'image/jpeg', still))
    putPost(state, generation, 'MEDIA_POST_TYPE_VIDEO')
  })
  return generation
}

function describe(start: GenerationStart, ...fileNames: readonly string[]): Generation {
  const { state, account, request, faults, previous } = start
  const id = state.ids.next()
  const createdAt = state.clock.now()
  const isVideo = request.kind === 'video'
  const extension = isVideo ? request.extension : null
  const length = isVideo ? request.length : null
  const before = extension?.isStitched === true ? (previous?.totalLength ?? 0) : 0
  return {
    id,
    kind: request.kind,
    dialect: request.dialect,
    account: account.token,
    userId: account.userId,
    prompt: withoutScenarioWords(request.prompt),
    message: request.message,
    conversationId: start.conversationId,
    postId: state.ids.next(),
    parentPostId: request.parentPostId,
    extendPostId: extension?.extendPostId ?? null,
    startTime: extension?.startTime ?? null,
    length,
    totalLength: length === null ? null : before + length,
    ratio: request.ratio,
    resolution: isVideo ? request.resolution : null,
    references: request.references,
    paths: fileNames.map((name) => `users/${account.userId}/generated/${id}/${name}`),
    createdAt,
    finishesAt: createdAt + start.seconds * 1000,
    ending: endingOf(faults, start.slot),
  }
}

function endingOf(faults: readonly MediaFault[], slot: number): Generation['ending'] {
  if (faults.some(({ effect }) => effect === 'fail')) return 'failed'
  return isWithheld(faults, slot) ? 'moderated' : 'finished'
}

/** True when the moderation withholds the picture at this place. */
export function isWithheld(faults: readonly MediaFault[], slot: number): boolean {
  return faults.some(({ effect, slots }) => effect === 'moderated' && (slots?.includes(slot) ?? true))
}

function putPost(
  state: EmulatorState,
  generation: Generation,
  mediaType: 'MEDIA_POST_TYPE_IMAGE' | 'MEDIA_POST_TYPE_VIDEO',
): void {
  const { postId, userId, prompt, paths, parentPostId } = generation
  state.posts.put(postId, {
    postId,
    userId,
    mediaType,
    prompt,
    mediaUrl: paths[0] ?? '',
    createdAt: state.clock.iso(),
    parentPostId,
    generation,
  })
}
