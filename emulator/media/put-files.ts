import type { EmulatorState } from '../state/emulator-state.ts'
import type { MediaFault } from '../state/faults.ts'
import type { ServedFile } from '../state/stores.ts'

const HTML = '<!DOCTYPE html><html><head><title>Error</title></head><body>Something went wrong</body></html>'

/** A finished picture and where it belongs. */
export interface FinishedPicture {
  readonly userId: string
  readonly id: string
  /** On the asset host. */
  readonly path: string
  readonly prompt: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly faults: readonly MediaFault[]
}

/** Puts a picture of the Imagine socket on both hosts and makes it a post. */
export function putPicture(state: EmulatorState, picture: FinishedPicture): void {
  const { userId, id, path, prompt, bytes, faults } = picture
  const file = disturbFile(servedFile(state, userId, 'image/jpeg', bytes), faults)
  state.generatedFiles.put(path, file)
  state.publicFiles.put(`imagine-public/images/${id}.jpg`, { ...file, userId: null })
  state.posts.put(id, {
    postId: id,
    userId,
    mediaType: 'MEDIA_POST_TYPE_IMAGE',
    prompt,
    mediaUrl: path,
    createdAt: state.clock.iso(),
    parentPostId: null,
    generation: null,
  })
}

/** A file as it is kept. */
export function servedFile(
  state: EmulatorState,
  userId: string | null,
  contentType: string,
  bytes: Uint8Array<ArrayBuffer>,
): ServedFile {
  return { userId, contentType, bytes, createdAt: state.clock.iso() }
}

/** The file as the faults leave it: a page of HTML in its place, or its bytes under a wrong type. */
export function disturbFile(file: ServedFile, faults: readonly MediaFault[]): ServedFile {
  if (faults.some(({ effect }) => effect === 'html-file')) {
    return { ...file, contentType: 'text/html; charset=UTF-8', bytes: new TextEncoder().encode(HTML) }
  }
  const isWrong = faults.some(({ effect }) => effect === 'wrong-type')
  return isWrong ? { ...file, contentType: 'text/plain' } : file
}
