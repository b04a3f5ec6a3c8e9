import { GatewayError } from '../core/error.ts'
import type { MediaType } from '../core/media.ts'
import { IdleGuard } from '../util/idle-guard.ts'
import { encodeCookies } from './cookies.ts'
import {
  classifyHttpFailure,
  connectionFailure,
  MAX_FAILURE_BODY_LENGTH,
  truncatedFailure,
} from './failure.ts'
import { restHeaders } from './headers.ts'
import { judgeMediaUrl } from './media-hosts.ts'
import type { CallerIdentity } from './rest-call.ts'
import type { HttpAnswer, Transport } from './transport.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

/** Something generated that lies at the upstream. */
export interface RemoteMedia {
  readonly url: string
  readonly type: MediaType
  /** Seconds without a byte after which it is given up. */
  readonly idleSeconds: number
}

export interface DownloaderOptions {
  readonly transport: Transport
  readonly settings: () => UpstreamSettings
  /** The upstream answered something. */
  readonly onAnswer: () => void
}

/** The bytes of something generated, as they come; the first pull sends. Leaving early closes the upstream's stream. */
export type Download = (media: RemoteMedia, identity: CallerIdentity) => AsyncGenerator<Uint8Array>

const accepts: Readonly<Record<MediaType, string>> = {
  image: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  video: 'video/mp4,video/*,*/*;q=0.8',
}

/** Downloads over a transport (spec/upstream-chat.md §10.7). Redirects are not followed: they could lead anywhere. */
export function createDownload(options: DownloaderOptions): Download {
  return async function* download(media, identity) {
    const headers = buildHeaders(options.settings(), media, identity.credential)
    const closing = new AbortController()
    const guard = new IdleGuard(media.idleSeconds * 1000, () => closing.abort('silence'))
    const { proxyUrl } = identity
    try {
      const response = await options.transport.send({
        method: 'GET',
        url: media.url,
        headers,
        signal: AbortSignal.any([identity.signal, closing.signal]),
        timer: guard,
        ...(proxyUrl !== undefined && { proxyUrl }),
      })
      options.onAnswer()
      if (response.status !== 200) throw await readFailure(response)
      yield* readBody(response, guard)
    } catch (thrown) {
      throw toFailure(thrown, identity, closing.signal)
    } finally {
      guard.close()
      closing.abort('done')
    }
  }
}

async function* readBody(response: HttpAnswer, guard: IdleGuard): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  guard.touch()
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length
    guard.pause() // a slow disk is not a silent upstream
    yield chunk
    guard.touch()
  }
  // of a packed answer, the length is that of the pack
  const isPacked = (response.headers.get('content-encoding') ?? 'identity') !== 'identity'
  const announced = response.headers.get('content-length')
  if (announced !== null && !isPacked && Number(announced) !== sizeBytes)
    throw truncatedFailure(`${sizeBytes} of ${announced} bytes came`)
}

/** The cookie goes to the accounts' own files only; what is nobody's we know is not fetched at all. */
function buildHeaders(
  settings: UpstreamSettings,
  { url, type }: RemoteMedia,
  credential: string,
): Record<string, string> {
  const host = judgeMediaUrl(url, settings)
  if (host === 'foreign')
    throw new GatewayError(
      'upstream_rejected',
      'The upstream named a file at an address that is not its own.',
    )
  const { userAgent, edgeCookies } = settings
  const usual = restHeaders({
    baseUrl: new URL(url).origin,
    credential,
    identity: { userAgent, edgeCookies: '' },
    refererPath: '/',
  })
  const headers = Object.entries(usual).filter(([name]) => !ofCalls.has(name))
  return {
    ...Object.fromEntries(headers),
    accept: accepts[type],
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    priority: 'u=0, i',
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-site': 'none',
    'sec-fetch-user': '?1',
    'upgrade-insecure-requests': '1',
    ...(host === 'private' && { cookie: encodeCookies(credential, edgeCookies) }),
  }
}

/** What calls have and downloads have not; the cookie, only some. */
const ofCalls: ReadonlySet<string> = new Set(['cookie', 'origin', 'content-type'])

async function readFailure(response: HttpAnswer): Promise<GatewayError> {
  let body = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    body += decoder.decode(chunk, { stream: true })
    if (body.length >= MAX_FAILURE_BODY_LENGTH) break
  }
  const { status, headers } = response
  return classifyHttpFailure({ status, headers, body })
}

function toFailure(
  thrown: unknown,
  { signal: caller, proxyUrl }: CallerIdentity,
  closing: AbortSignal,
): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (caller.aborted) return new GatewayError('client_closed', 'The caller left.', { cause: thrown })
  if (closing.aborted) return new GatewayError('upstream_timeout', 'The upstream stopped sending the file.')
  return connectionFailure(thrown, proxyUrl)
}
