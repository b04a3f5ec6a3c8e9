import { toGatewayError } from '../core/error.ts'
import type { MediaLinks } from '../core/media.ts'
import { describeError, type Log } from '../util/log.ts'
import type { MediaIdentity, MediaKeeper } from './media-keeper.ts'

/** How films stand in a chat's answer (`features.video_format`). */
export type FilmFormat = 'grok_url' | 'local_url' | 'grok_html' | 'local_html'

export interface PresentFilmParts {
  readonly keeper: MediaKeeper
  readonly format: FilmFormat
  readonly links: MediaLinks
  /** Of the account that made the film: only it may fetch it. */
  readonly identity: MediaIdentity
  readonly requestId: string
  readonly log: Log
}

/**
 * A film as it stands in an answer's text (spec/public-api.md §5.3), brought here where the format demands it. What
 * cannot be brought here is linked to where it is.
 */
export async function presentFilm(parts: PresentFilmParts, upstreamUrl: string): Promise<string> {
  const { format } = parts
  const isLocal = format === 'local_url' || format === 'local_html'
  const url = isLocal ? await keep(parts, upstreamUrl) : upstreamUrl
  return format === 'grok_html' || format === 'local_html' ? encodeFilmTag(url) : url
}

/** A player for a film. */
export function encodeFilmTag(url: string): string {
  return `<video controls src="${url.replaceAll(/[&"'<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)}"></video>`
}

async function keep(parts: PresentFilmParts, url: string): Promise<string> {
  const { keeper, links, identity, requestId, log } = parts
  try {
    return links.videoUrl((await keeper.keep('video', { type: 'url', url }, identity)).id)
  } catch (thrown) {
    const failure = toGatewayError(thrown)
    if (identity.signal.aborted) throw failure
    log.warn('a film could not be brought here', { requestId, error: describeError(failure) })
    return url
  }
}
