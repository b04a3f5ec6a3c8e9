import ipaddr from 'ipaddr.js'

/** What the registries have given out of IPv6 so far; all else is for special uses, or for none. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Azure's service for its own machines: an address like any other, but private to each machine that asks. */
const AZURE_HOST_SERVICE = '168.63.129.16'

/** Where a NAT64 gateway keeps the IPv4 internet. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** The third quarter of an ISATAP address, which has an IPv4 address behind it. */
const ISATAP_MARKS: ReadonlySet<string> = new Set(['0:5efe', '200:5efe'])

/**
 * Whether an address is one of the public internet, so that a fetch in somebody else's name may go there. An IPv4
 * address inside an IPv6 one counts as itself where systems still translate it (mapped, NAT64); the old tunnels (6to4,
 * Teredo, ISATAP) are refused whole.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv4) return isPublicIpv4(address)
  if (!(address instanceof ipaddr.IPv6)) return false
  if (address.zoneId) return false
  if (address.isIPv4MappedAddress()) return isPublicIpv4(address.toIPv4Address())
  if (address.match(NAT64)) return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(-4)))
  return address.range() === 'unicast' && address.match(GLOBAL_IPV6) && !isIsatap(address)
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && address.toString() !== AZURE_HOST_SERVICE
}

function isIsatap({ parts }: ipaddr.IPv6): boolean {
  const mark = parts
    .slice(4, 6)
    .map((part) => part.toString(16))
    .join(':')
  return ISATAP_MARKS.has(mark)
}
