import ipaddr from 'ipaddr.js'
import type { SettingOptions } from './setting-info.ts'
import { text, textList } from './setting-types.ts'

interface AddressOptions extends SettingOptions<string> {
  readonly schemes: readonly string[]
  /** An empty text means "none"; without this it is refused. */
  readonly optional?: boolean
}

const PROXY_SCHEMES = ['http', 'https', 'socks', 'socks4', 'socks4a', 'socks5', 'socks5h'] as const

// What a browser's copy or a word processor puts in place of the plain characters.
const TYPOGRAPHIC: ReadonlyArray<readonly [RegExp, string]> = [
  [/[\u2018\u2019\u201a\u201b\u2032]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, '-'],
  [/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' '],
  [/\u200b|\u200c|\u200d|\u2060|\ufeff/g, ''],
  [/\u2026/g, '...'],
]

/** The base address of a service, kept without a trailing slash. */
export function address({ schemes, optional = false, ...options }: AddressOptions) {
  return text({
    ...options,
    clean: (value) => value.trim().replace(/\/+$/, ''),
    findProblem: (value) => (optional && value === '' ? undefined : findAddressProblem(value, schemes)),
  })
}

/** One proxy address or empty; secret, because it often carries a password. */
export function proxyAddress(options: SettingOptions<string>) {
  return text({
    ...options,
    secret: true,
    clean: (value) => value.trim(),
    findProblem: (value) => (value === '' ? undefined : findProxyProblem(value)),
  })
}

/** A list of proxy addresses; secret for the same reason. */
export function proxyPool(options: SettingOptions<readonly string[]>) {
  return textList({ ...options, secret: true, findProblem: findProxyProblem })
}

/** Addresses of machines, or of whole networks (CIDR). */
export function networkList(options: SettingOptions<readonly string[]>) {
  return textList({
    ...options,
    findProblem: (value) =>
      ipaddr.isValid(value) || ipaddr.isValidCIDR(value)
        ? undefined
        : 'must be an IP address or a network such as 10.0.0.0/8',
  })
}

/** Text that travels in an HTTP header: typographic characters are made plain, anything else beyond ASCII is refused. */
export function headerText(options: SettingOptions<string>) {
  return text({
    ...options,
    clean: (value) => TYPOGRAPHIC.reduce((clean, [from, to]) => clean.replaceAll(from, to), value).trim(),
    findProblem: (value) =>
      /^[\x20-\x7e]*$/.test(value) ? undefined : 'must contain only plain ASCII characters',
  })
}

function findAddressProblem(value: string, schemes: readonly string[]): string | undefined {
  const problem = findUrlProblem(value, schemes)
  if (problem !== undefined) return problem
  return /[?#]/.test(value) ? 'must not have a query or a fragment' : undefined
}

function findProxyProblem(value: string): string | undefined {
  return findUrlProblem(value, PROXY_SCHEMES)
}

function findUrlProblem(value: string, schemes: readonly string[]): string | undefined {
  const expected = `must be an address starting with ${schemes.map((scheme) => `${scheme}://`).join(', ')}`
  if (/\s/.test(value) || !/^[a-z0-9+.-]+:\/\//i.test(value) || !URL.canParse(value)) return expected
  const { protocol, hostname } = new URL(value)
  return schemes.includes(protocol.slice(0, -1)) && hostname !== '' ? undefined : expected
}
