import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Generation } from '../state/generations.ts'
import type { MediaRequest } from './media-request.ts'

const FRAME_SECONDS = 1 / 24
const START_TOLERANCE_SECONDS = 0.01

/** Why a request cannot be served. */
export interface Refusal {
  readonly status: number
  readonly code: number
  readonly message: string
}

/** What a request rests on. */
export interface Groundwork {
  readonly refusal: null
  /** The clip that is extended. */
  readonly previous: Generation | null
}

/** Checks what a request refers to: its parent post, its references, the clip that it extends; all must be the account's own. */
export function checkRequest(
  state: EmulatorState,
  account: Account,
  request: MediaRequest,
): Groundwork | { readonly refusal: Refusal } {
  state.generations.settle()
  const { parentPostId } = request
  if (parentPostId !== null && state.posts.find(parentPostId)?.userId !== account.userId) {
    return refuse(404, 5, 'Media post not found')
  }
  const missing = request.references.find((reference) => !isOwnFile(state, account, reference))
  if (missing !== undefined && state.behaviour.strictFiles)
    return refuse(404, 5, `Asset not found: ${missing}`)
  if (request.kind !== 'video' || request.extension === null) return { refusal: null, previous: null }
  const { extendPostId, startTime } = request.extension
  const previous = findClip(state, account, extendPostId)
  if (previous === undefined) return refuse(404, 5, 'Video to extend not found')
  const expected = (previous.totalLength ?? 0) + FRAME_SECONDS
  if (Math.abs(startTime - expected) > START_TOLERANCE_SECONDS) {
    return refuse(400, 3, `videoExtensionStartTime must be ${expected.toFixed(6)}`)
  }
  return { refusal: null, previous }
}

/** The account's newest finished clip with this post, this id, or under this parent post. */
export function findClip(state: EmulatorState, account: Account, id: string): Generation | undefined {
  const own = state.generations.finished(
    ({ kind, account: token }) => kind === 'video' && token === account.token,
  )
  return (
    own.findLast((clip) => clip.postId === id || clip.id === id) ??
    own.findLast((clip) => clip.parentPostId === id)
  )
}

/** True for a file that the account uploaded or that was made for it: named by id, or by an address that ends in its path. */
export function isOwnFile(state: EmulatorState, { userId }: Account, reference: string): boolean {
  const [path] = /users\/[^?#]+/.exec(reference) ?? []
  if (path === undefined) {
    if (state.files.find(reference)?.userId === userId) return true
    return state.generations.finished((one) => one.id === reference && one.userId === userId).length > 0
  }
  const [, , id = ''] = path.split('/')
  const file = state.generatedFiles.find(path) ?? state.files.find(id)
  return file?.userId === userId || path.startsWith(`users/${userId}/generated/`)
}

function refuse(status: number, code: number, message: string): { readonly refusal: Refusal } {
  return { refusal: { status, code, message } }
}
