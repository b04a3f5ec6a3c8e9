import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../core/error.ts'
import type { KeptFile, MediaSource, MediaType } from '../core/media.ts'
import { FileRefusal } from '../media/file-refusal.ts'
import { identifyMedia } from '../media/media-kind.ts'
import type { MediaStore } from '../media/media-store.ts'
import { MEDIA_LIMIT_BYTES } from '../media/write-media.ts'
import type { Download } from '../upstream/download.ts'

/** Who may read private media at the upstream, and the way there. */
export interface MediaIdentity {
  readonly credential: string
  readonly proxyUrl?: string
  readonly signal: AbortSignal
}

/** Brings what was generated here. */
export interface MediaKeeper {
  /**
   * Keeps it on disk, streamed; the same address gives the same file. Throws a `GatewayError` if it cannot be had, or is
   * not what it should be (an HTML page, a placeholder).
   */
  keep(type: MediaType, source: MediaSource, identity: MediaIdentity): Promise<KeptFile>
  /** The bytes of a picture and what they are; bounded. */
  readPicture(
    source: MediaSource,
    identity: MediaIdentity,
  ): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>
}

export interface MediaKeeperParts {
  readonly store: MediaStore
  readonly download: Download
  readonly settings: () => { readonly downloadIdleSeconds: number }
  /** Waits before a download is tried again; their number bounds the tries. Tests shorten them. */
  readonly retryPausesMs?: readonly number[]
}

/** spec/upstream-chat.md §10.7 */
const RETRY_PAUSES_MS = [200, 750]
const RETRIED_STATUSES: ReadonlySet<number> = new Set([403, 408, 425, 429])

/** A keeper over the files on disk and the upstream. */
export function createMediaKeeper(parts: MediaKeeperParts): MediaKeeper {
  const { store, download, settings, retryPausesMs = RETRY_PAUSES_MS } = parts
  const fetch = (type: MediaType, url: string, identity: MediaIdentity): AsyncGenerator<Uint8Array> =>
    download({ url, type, idleSeconds: settings().downloadIdleSeconds }, identity)
  const repeat = <Result>({ signal }: MediaIdentity, work: () => Promise<Result>): Promise<Result> =>
    withRetries(work, retryPausesMs, signal)
  return {
    keep: (type, source, identity) =>
      inOurWords(() => {
        if (source.type === 'bytes')
          return store.keep(type, crypto.randomUUID().replaceAll('-', ''), () => [source.bytes])
        const { url } = source
        return repeat(identity, () => store.keep(type, store.idOf(url), () => fetch(type, url, identity)))
      }),
    readPicture: (source, identity) =>
      inOurWords(async () => {
        const isHere = source.type === 'bytes'
        const bytes = isHere
          ? source.bytes
          : await repeat(identity, () => collect(fetch('image', source.url, identity)))
        return { bytes, mediaType: (await identifyMedia(bytes, 'image')).mediaType }
      }),
  }
}

async function collect(stream: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const limitBytes = MEDIA_LIMIT_BYTES.image
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) throw new FileRefusal(`the file has more than ${limitBytes} bytes`)
  }
  return Buffer.concat(chunks)
}

async function withRetries<Result>(
  work: () => Promise<Result>,
  pausesMs: readonly number[],
  signal: AbortSignal,
): Promise<Result> {
  for (const milliseconds of pausesMs) {
    try {
      return await work()
    } catch (thrown) {
      if (signal.aborted || !mayHelpToRepeat(thrown)) throw thrown
      await pause(milliseconds, undefined, { signal }).catch(() => {}) // the caller left: the last try says so
    }
  }
  return work()
}

function mayHelpToRepeat(thrown: unknown): boolean {
  if (!(thrown instanceof GatewayError)) return false
  const { code, upstreamStatus } = thrown
  // somebody else, who had asked for the same file first, has left
  if (code === 'client_closed') return true
  if (upstreamStatus === undefined) return code === 'upstream_unavailable'
  return upstreamStatus >= 500 || RETRIED_STATUSES.has(upstreamStatus)
}

async function inOurWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof FileRefusal)) throw thrown
    const message = 'The upstream gave a file that cannot be used.'
    throw new GatewayError('upstream_unavailable', message, { cause: thrown })
  }
}
