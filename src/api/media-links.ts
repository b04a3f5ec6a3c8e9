import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'
import type { MediaLinks } from '../core/media.ts'
import type { ApiEnv } from './context.ts'

/** What decides how links begin. */
export interface LinkSettings {
  /** `app.app_url`; may be empty. */
  readonly publicUrl: string
  /** Addresses and networks of the proxies that may say what a caller asked for. */
  readonly trustedProxies: readonly string[]
}

/** A host as it may stand in a link: nothing that could change what comes before or after it. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
const MAX_HOST_LENGTH = 255

/**
 * Links to kept files as the caller of a request can open them: below the public address, else below the address that the
 * caller itself has used; relative where neither is known.
 */
export function mediaLinks(c: Context<ApiEnv>, { publicUrl, trustedProxies }: LinkSettings): MediaLinks {
  if (publicUrl !== '') return linksBelow(publicUrl)
  const asked: AskedAddress = {
    scheme: c.req.url.startsWith('https:') ? 'https' : 'http',
    host: c.req.header('host'),
    forwardedScheme: c.req.header('x-forwarded-proto'),
    forwardedHost: c.req.header('x-forwarded-host'),
    peer: c.env?.address,
  }
  // worked out for the first link: most answers have none
  let links: MediaLinks | undefined
  const below = (): MediaLinks => (links ??= linksBelow(callersOrigin(asked, trustedProxies)))
  return { imageUrl: (id) => below().imageUrl(id), videoUrl: (id) => below().videoUrl(id) }
}

/** Links below an address without a slash at its end; relative if it is empty. */
export function linksBelow(base: string): MediaLinks {
  return {
    imageUrl: (id) => `${base}/v1/files/image?id=${id}`,
    videoUrl: (id) => `${base}/v1/files/video?id=${id}`,
  }
}

/** What a request says about the address that it was sent to. */
interface AskedAddress {
  readonly scheme: 'http' | 'https'
  readonly host: string | undefined
  readonly forwardedScheme: string | undefined
  readonly forwardedHost: string | undefined
  /** Who has sent it: the caller, or a proxy. */
  readonly peer: string | undefined
}

function callersOrigin(asked: AskedAddress, trustedProxies: readonly string[]): string {
  const mayForward = isTrusted(asked.peer, trustedProxies)
  const forwarded = mayForward ? firstOf(asked.forwardedScheme)?.toLowerCase() : undefined
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : asked.scheme
  const hosts = [mayForward ? firstOf(asked.forwardedHost) : undefined, asked.host]
  const host = hosts.find((one) => one !== undefined && isHost(one))
  return host === undefined ? '' : `${scheme}://${host}`
}

/** The header names the outermost proxy's word first. */
function firstOf(header: string | undefined): string | undefined {
  return header?.split(',')[0]?.trim()
}

function isHost(host: string): boolean {
  return host.length <= MAX_HOST_LENGTH && HOST.test(host)
}

function isTrusted(address: string | undefined, trustedProxies: readonly string[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false
  const asked = ipaddr.process(address) // an IPv4 address in the clothes of IPv6 counts as itself
  return trustedProxies.some((entry) => {
    const [network, bits] = parseNetwork(entry)
    return network.kind() === asked.kind() && asked.match(network, bits)
  })
}

function parseNetwork(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry)
  const address = ipaddr.process(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}
