import type { ChatMessage } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import type { FetchRemote } from '../media/fetch-remote.ts'
import { deleteAsset } from '../upstream/assets.ts'
import type { RestCaller } from '../upstream/rest-call.ts'
import { uploadForm, uploadJson, type PlacedFile } from '../upstream/upload.ts'
import type { Background } from '../util/background.ts'
import type { Clock } from '../util/clock.ts'
import { Gate } from '../util/gate.ts'
import { mapLimit } from '../util/map-limit.ts'
import { unlessAborted } from '../util/unless-aborted.ts'
import { loadFiles } from './load-files.ts'
import { UploadCache } from './upload-cache.ts'

/** A picture or document whose bytes are here and were looked at. */
export interface LoadedFile {
  readonly name: string
  /** As its bytes say, not as somebody claims. */
  readonly mediaType: string
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, hexadecimal. */
  readonly hash: string
}

/** The account that files are put up for, and the way there. */
export interface UploadTarget {
  readonly accountId: number
  readonly credential: string
  readonly proxyUrl?: string
  readonly signal: AbortSignal
  /** The files are pictures that others are made from. */
  readonly isForEdit?: boolean
}

/** The files of a conversation: read once per request, put up once per account. */
export interface Attachments {
  /** The bytes of every file of the conversation, in order, each once; throws what is wrong with one, by its field. */
  load(messages: readonly ChatMessage[], signal: AbortSignal): Promise<readonly LoadedFile[]>
  /** Their ids at the account, in order; what is there already is not sent again. */
  upload(files: readonly LoadedFile[], target: UploadTarget): Promise<readonly string[]>
  /** The same, with where their bytes lie at the account. */
  place(files: readonly LoadedFile[], target: UploadTarget): Promise<readonly PlacedFile[]>
  /** The account does not know them any more: the next upload sends them again. */
  forget(files: readonly LoadedFile[], accountId: number): void
  /** The answer that they were put up for is over; they are deleted there if the operator wants that. */
  release(ids: readonly string[], target: UploadTarget): void
}

/** The settings of files (`asset.*`, `features.delete_uploads`). */
export interface AttachmentSettings {
  /** The newer protocol's way of putting files up, or the older's. */
  readonly protocol: 'gateway' | 'rest'
  readonly uploadTimeoutSeconds: number
  readonly deleteTimeoutSeconds: number
  readonly deletesUploads: boolean
}

export interface AttachmentParts {
  readonly call: RestCaller
  readonly fetchRemote: FetchRemote
  readonly background: Pick<Background, 'run'>
  readonly clock: Clock
  readonly settings: () => AttachmentSettings
  /** Uploads of this process at once. */
  readonly uploadConcurrency: number
}

/** Uploads of one request at once, and deletions after it. */
const PARALLEL_CALLS = 4

/** Uploads of others that one waits for, before it makes its own. */
const MAX_SHARED_TRIES = 3

/** Files over the upstream's calls. */
export function createAttachments(parts: AttachmentParts): Attachments {
  const uploads = new Uploads(parts)
  const place: Attachments['place'] = (files, target) =>
    mapLimit(files, PARALLEL_CALLS, (file) => uploads.find(file, target))
  return {
    load: (messages, signal) => loadFiles(parts.fetchRemote, messages, signal),
    upload: async (files, target) => (await place(files, target)).map(({ id }) => id),
    place,
    forget: (files, accountId) => uploads.forget(files, accountId),
    release: (ids, target) => {
      const { deletesUploads, deleteTimeoutSeconds: timeoutSeconds } = parts.settings()
      if (!deletesUploads || ids.length === 0) return
      parts.background.run('delete uploads', (signal) =>
        mapLimit(ids, PARALLEL_CALLS, (id) =>
          deleteAsset(parts.call, { ...target, signal }, { id, timeoutSeconds }),
        ),
      )
    },
  }
}

class Uploads {
  readonly #parts: AttachmentParts
  readonly #cache: UploadCache
  readonly #gate: Gate

  constructor(parts: AttachmentParts) {
    this.#parts = parts
    this.#cache = new UploadCache(parts.clock)
    this.#gate = new Gate(parts.uploadConcurrency)
  }

  forget(files: readonly LoadedFile[], accountId: number): void {
    for (const { hash } of files)
      for (const isForEdit of [true, false]) this.#cache.forget(accountId, cacheKey(hash, isForEdit))
  }

  /** A file at an account. One upload serves all who ask meanwhile; that its caller leaves is not their end. */
  async find(file: LoadedFile, target: UploadTarget): Promise<PlacedFile> {
    const send = (): Promise<PlacedFile> => this.#send(file, target)
    // what is deleted after an answer must not be another answer's, too
    if (this.#parts.settings().deletesUploads) return send()
    const key = cacheKey(file.hash, target.isForEdit === true)
    for (let tries = 1; ; tries++) {
      try {
        return await orLeave(this.#cache.get(target.accountId, key, send), target.signal)
      } catch (thrown) {
        const isOthersEnd = thrown instanceof GatewayError && thrown.code === 'client_closed'
        if (!isOthersEnd || target.signal.aborted || tries >= MAX_SHARED_TRIES) throw thrown
      }
    }
  }

  async #send({ name, mediaType, bytes }: LoadedFile, target: UploadTarget): Promise<PlacedFile> {
    const { call, settings } = this.#parts
    const { protocol, uploadTimeoutSeconds: timeoutSeconds } = settings()
    const upload = protocol === 'gateway' ? uploadForm : uploadJson
    const isForEdit = target.isForEdit === true
    try {
      return await this.#gate.run(target.signal, () =>
        upload(call, target, { name, mediaType, bytes, timeoutSeconds, isForEdit }),
      )
    } catch (thrown) {
      if (target.signal.aborted) throw left(thrown)
      throw thrown
    }
  }
}

/** What was put up for a chat does not serve an edit. */
function cacheKey(hash: string, isForEdit: boolean): string {
  return isForEdit ? `${hash} for an edit` : hash
}

function left(cause: unknown): GatewayError {
  return new GatewayError('client_closed', 'The caller left.', { cause })
}

/** Waits for what somebody else may have started, as long as the own caller is there. */
async function orLeave<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  try {
    return await unlessAborted(work, signal)
  } catch (thrown) {
    if (signal.aborted) throw left(thrown)
    throw thrown
  }
}
