import { GatewayError } from '../core/error.ts'
import type { PlacedFile } from '../upstream/upload.ts'
import type { Attachments, LoadedFile, UploadTarget } from './attachments.ts'

/** An account may have lost files that it was given; then they are sent once more. */
const MAX_TRIES = 2

export interface FilesAndTarget {
  readonly files: readonly LoadedFile[]
  readonly target: UploadTarget
}

/** Puts the files up and opens a stream that names them; once the stream has begun, nothing is repeated. */
export async function* withFiles<Item>(
  attachments: Attachments,
  { files, target }: FilesAndTarget,
  open: (placed: readonly PlacedFile[]) => AsyncIterable<readonly Item[]>,
): AsyncGenerator<readonly Item[]> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const placed = await attachments.place(files, target)
    let hasBegun = false
    try {
      for await (const batch of open(placed)) {
        hasBegun = true
        yield batch
      }
      return
    } catch (thrown) {
      if (hasBegun || !isUnknownFile(thrown)) throw thrown
      attachments.forget(files, target.accountId)
      if (tries === MAX_TRIES) throw thrown
    } finally {
      attachments.release(
        placed.map(({ id }) => id),
        target,
      )
    }
  }
}

/** How the upstream answers a chat that names a file which the account does not have. */
function isUnknownFile(thrown: unknown): boolean {
  return (
    thrown instanceof GatewayError && thrown.code === 'upstream_rejected' && thrown.upstreamStatus === 404
  )
}
