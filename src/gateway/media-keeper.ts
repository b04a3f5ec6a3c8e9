import type { KeptFile, MediaSource, MediaType } from '../core/media.ts'

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
