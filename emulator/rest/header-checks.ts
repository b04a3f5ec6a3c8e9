const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const SIGNED_BYTES = 70

/** True when `x-statsig-id` and `x-xai-request-id` are well formed, or the path needs neither (spec/upstream-chat.md §2.4, §12). */
export function hasValidIds(path: string, headers: Headers): boolean {
  if (!path.startsWith('/rest/')) return true
  return isStatsigId(headers.get('x-statsig-id') ?? '') && UUID.test(headers.get('x-xai-request-id') ?? '')
}

/** True when Origin and Referer are those of spec/upstream-chat.md §2.6, or the path has no rule. */
export function hasValidOrigin(path: string, headers: Headers, origins: readonly string[]): boolean {
  if (!path.startsWith('/rest/')) return true
  const page = pageOf(path)
  const referer = headers.get('referer') ?? ''
  return origins.some(
    (origin) =>
      headers.get('origin') === origin &&
      referer.startsWith(origin) &&
      page.test(referer.slice(origin.length)),
  )
}

// spec/upstream-media.md §7, §8.1 and §9: media is made on the Imagine page or on the page of a post.
function pageOf(path: string): RegExp {
  if (path.startsWith('/rest/assets')) return /^\/files$|^\/imagine/
  if (path.startsWith('/rest/media/')) return /^\/?$|^\/imagine(\/post\/[^/]+)?$/
  if (path.startsWith('/rest/app-chat/conversations')) return /^\/$|^\/imagine(\/post\/[^/]+)?$/
  return /^\/$/
}

// spec/upstream-chat.md §2.5: the text of a browser error (Gen-A) or a signature of 70 bytes (Gen-B), in Base64.
function isStatsigId(value: string): boolean {
  if (!BASE64.test(value)) return false
  const bytes = Buffer.from(value, 'base64')
  const text = bytes.toString('latin1')
  return bytes.length === SIGNED_BYTES || text.startsWith('x1:') || text.startsWith('e:')
}
