/** Platforms by a word in the User-Agent; phones first, because theirs also say "like Mac OS X". */
const platforms: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/iphone|ipad/, 'iOS'],
  [/android/, 'Android'],
  [/windows/, 'Windows'],
  [/mac os x|macintosh/, 'macOS'],
  [/linux/, 'Linux'],
]

/** The `Sec-Ch-Ua` headers that go with a Chromium User-Agent; none for Firefox and Safari (spec/upstream-chat.md §2.3). */
export function clientHints(userAgent: string): Record<string, string> {
  const edge = /Edg(?:A|iOS)?\/(\d+)/.exec(userAgent)?.[1]
  const version = edge ?? /(?:Chrome|Chromium|CriOS)\/(\d+)/.exec(userAgent)?.[1]
  if (version === undefined) return {}
  const lower = userAgent.toLowerCase()
  const brand = edge === undefined ? 'Google Chrome' : 'Microsoft Edge'
  const platform = platforms.find(([pattern]) => pattern.test(lower))?.[1]
  const isMobile = lower.includes('mobile') || platform === 'Android' || platform === 'iOS'
  return {
    'sec-ch-ua': `"${brand}";v="${version}", "Chromium";v="${version}", "Not(A:Brand";v="24"`,
    'sec-ch-ua-mobile': isMobile ? '?1' : '?0',
    'sec-ch-ua-model': '',
    ...(platform !== undefined && { 'sec-ch-ua-platform': `"${platform}"` }),
    ...architecture(lower),
  }
}

function architecture(userAgent: string): Record<string, string> {
  if (/aarch64|arm64| arm/.test(userAgent)) return { 'sec-ch-ua-arch': 'arm', 'sec-ch-ua-bitness': '64' }
  if (/x86_64|x64|win64|intel/.test(userAgent)) return { 'sec-ch-ua-arch': 'x86', 'sec-ch-ua-bitness': '64' }
  return {}
}
