import type { UpstreamSettings } from './upstream-settings.ts'

/** Who an address belongs to: the accounts' own files, what is public, or somebody else. */
export type MediaHost = 'private' | 'public' | 'foreign'

/** spec/upstream-media.md §12.1. Whole hosts: a prefix would let in `imagine-public.x.ai.example`. */
const PRIVATE_ORIGIN = 'https://assets.grok.com'
const PUBLIC_ORIGINS: ReadonlySet<string> = new Set(['https://imagine-public.x.ai', 'https://imgen.x.ai'])

/** An upstream that plays all hosts at once has its public pictures somewhere below its own address. */
const PUBLIC_PATH = '/imagine-public/'

/** Whose host an address names; only to `private` may an account's cookie go. */
export function judgeMediaUrl(
  text: string,
  { assetsUrl, baseUrl }: Pick<UpstreamSettings, 'assetsUrl' | 'baseUrl'>,
): MediaHost {
  if (!URL.canParse(text)) return 'foreign'
  const url = new URL(text)
  if (url.username + url.password !== '') return 'foreign'
  if (isBelow(url, assetsUrl) || url.origin === PRIVATE_ORIGIN) return 'private'
  if (PUBLIC_ORIGINS.has(url.origin)) return 'public'
  const isAtUpstream = url.origin === new URL(baseUrl).origin || url.origin === new URL(assetsUrl).origin
  return isAtUpstream && url.pathname.includes(PUBLIC_PATH) ? 'public' : 'foreign'
}

function isBelow(url: URL, base: string): boolean {
  const { origin, pathname } = new URL(base)
  return url.origin === origin && `${url.pathname}/`.startsWith(`${pathname.replace(/\/+$/, '')}/`)
}
