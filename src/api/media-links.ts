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
export function mediaLinks(c: Context<ApiEnv>, settings: LinkSettings): MediaLinks {
  const base = settings.publicUrl || callersOrigin(c, settings.trustedProxies)
  return linksBelow(base)
}

/** Links below an address without a slash at its end; relative if it is empty. */
export function linksBelow(base: string): MediaLinks {
  return {
    imageUrl: (id) => `${base}/v1/files/image?id=${id}`,
    videoUrl: (id) => `${base}/v1/files/video?id=${id}`,
  }
}

function callersOrigin(c: Context<ApiEnv>, trustedProxies: readonly string[]): string {
  const own = { scheme: new URL(c.req.url).protocol.slice(0, -1), host: c.req.header('host') }
  const said = isTrusted(c.env?.address, trustedProxies)
    ? {
        scheme: firstOf(c.req.header('x-forwarded-proto'))?.toLowerCase(),
        host: firstOf(c.req.header('x-forwarded-host')),
      }
    : undefined
  const scheme = said?.scheme === 'https' || said?.scheme === 'http' ? said.scheme : own.scheme
  const host = [said?.host, own.host].find((one) => one !== undefined && isHost(one))
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
