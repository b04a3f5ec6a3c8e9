/** The handshakes that the library can do; those of Edge are Chrome's. */
export const browserProfiles = [
  'chrome100',
  'chrome101',
  'chrome104',
  'chrome107',
  'chrome110',
  'chrome116',
  'chrome124',
  'chrome125',
  'chrome131',
  'chrome136',
  'chrome142',
  'chrome151',
  'firefox128',
  'firefox133',
  'firefox135',
  'firefox144',
  'ios18',
] as const

/** One of {@link browserProfiles}. */
export type BrowserProfile = (typeof browserProfiles)[number]

/** Families by a word in the User-Agent, in this order: Edge also says Chrome, and both say Safari. */
const families: readonly (readonly [pattern: RegExp, family: string])[] = [
  [/firefox\/(\d+)/, 'firefox'],
  [/edg(?:a|ios)?\/(\d+)/, 'chrome'],
  [/(?:chrome|chromium|crios)\/(\d+)/, 'chrome'],
]

/** Used when nothing else fits. */
const LAST_RESORT: BrowserProfile = 'chrome124'

/**
 * The profile of the browser that a User-Agent names, so that handshake, headers and hints agree (spec/upstream-media.md
 * §16.7): the same version, or the nearest that there is. `configured` is taken where the User-Agent names no browser.
 */
export function chooseProfile(userAgent: string, configured: string): BrowserProfile {
  const agent = userAgent.toLowerCase()
  return profileOf(agent) ?? profileOfName(configured.toLowerCase()) ?? LAST_RESORT
}

function profileOf(agent: string): BrowserProfile | undefined {
  for (const [pattern, family] of families) {
    const version = pattern.exec(agent)?.[1]
    if (version !== undefined) return nearest(family, Number(version))
  }
  return agent.includes('safari/') ? 'ios18' : undefined
}

/** `chrome136`, as the setting has always been written; without a number the newest of its family. */
function profileOfName(name: string): BrowserProfile | undefined {
  const [, word = '', version] = /^([a-z]+)[_a-z]*(\d+)?/.exec(name) ?? []
  if (word === 'safari') return 'ios18'
  return nearest(word === 'edge' ? 'chrome' : word, version === undefined ? Infinity : Number(version))
}

/** Of two that are equally near, the newer one. */
function nearest(family: string, version: number): BrowserProfile | undefined {
  const distance = (profile: BrowserProfile): number =>
    Math.abs(versionOf(profile) - Math.min(version, NEWEST))
  return browserProfiles
    .filter((profile) => profile.replace(/\d+$/, '') === family)
    .toSorted((one, other) => distance(one) - distance(other) || versionOf(other) - versionOf(one))[0]
}

/**
 * The same browser by the names of the library that opens sockets (`chrome_136`), or the nearest version that it has, so
 * that requests and sockets of one account look like one browser.
 */
export function socketProfileOf<Name extends string>(profile: BrowserProfile, names: readonly Name[]): Name {
  const family = profile === 'ios18' ? 'safari_ios_' : `${profile.replace(/\d+$/, '')}_`
  const version = versionOf(profile)
  const versionIn = (name: Name): number => Number(/\d+/.exec(name.slice(family.length))?.[0])
  const [closest] = names
    .filter((name) => name.startsWith(family) && !Number.isNaN(Number(name[family.length])))
    .toSorted((one, other) => Math.abs(versionIn(one) - version) - Math.abs(versionIn(other) - version))
  if (closest === undefined) throw new Error(`the library for sockets knows no ${profile}`)
  return closest
}

const NEWEST = 9_999

function versionOf(profile: BrowserProfile): number {
  return Number(/\d+$/.exec(profile)?.[0])
}
