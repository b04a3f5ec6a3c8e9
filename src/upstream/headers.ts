import { clientHints } from './client-hints.ts'
import { encodeCookies } from './cookies.ts'

/** What identifies the gateway to the upstream, beside the account. */
export interface BrowserIdentity {
  readonly userAgent: string
  /** Cookies of the edge, as an operator pasted them; may be empty. */
  readonly edgeCookies: string
  /** The opaque `x-statsig-id`; absent: the header is not sent. */
  readonly statsigId?: string
}

export interface HeaderOptions {
  readonly baseUrl: string
  readonly credential: string
  readonly identity: BrowserIdentity
  /** Path of the page that the call seems to come from, e.g. `/`. */
  readonly refererPath: string
}

const hintsByUserAgent = new Map<string, Record<string, string>>()
const MAX_CACHED_USER_AGENTS = 64

/** The headers of a same-origin call to the upstream's API (spec/upstream-chat.md §2.1). */
export function restHeaders({
  baseUrl,
  credential,
  identity,
  refererPath,
}: HeaderOptions): Record<string, string> {
  return {
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br, zstd',
    'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8',
    'content-type': 'application/json',
    cookie: encodeCookies(credential, identity.edgeCookies),
    origin: baseUrl,
    priority: 'u=1, i',
    referer: baseUrl + refererPath,
    'sec-fetch-dest': 'empty',
    'sec-fetch-mode': 'cors',
    'sec-fetch-site': 'same-origin',
    'user-agent': identity.userAgent,
    'x-xai-request-id': crypto.randomUUID(),
    ...cachedHints(identity.userAgent),
    ...(identity.statsigId !== undefined && { 'x-statsig-id': identity.statsigId }),
  }
}

function cachedHints(userAgent: string): Record<string, string> {
  const cached = hintsByUserAgent.get(userAgent)
  if (cached) return cached
  if (hintsByUserAgent.size >= MAX_CACHED_USER_AGENTS) hintsByUserAgent.clear()
  const hints = clientHints(userAgent)
  hintsByUserAgent.set(userAgent, hints)
  return hints
}
