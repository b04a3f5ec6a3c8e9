import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { unlessAborted } from '../util/unless-aborted.ts'
import { FileRefusal } from './file-refusal.ts'
import type { RemoteUrl } from './remote-url.ts'

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** Which places may be reached. */
export interface Reach {
  allowsAddress(address: string): boolean
  allowsPort(port: number): boolean
}

/** The addresses that a connection may be made to, and no others: they are not asked for again. */
export interface PinnedAddress {
  readonly address: string
  readonly family: 4 | 6
}

export interface ResolveOptions {
  readonly resolve: Resolve
  readonly reach: Reach
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

/** More addresses than a name ever needs; what is beyond is not tried, but looked at. */
const MAX_TRIED_ADDRESSES = 8

/** What the system's resolver says, both families. */
export const resolveBySystem: Resolve = async (host) => {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** Resolves the host of an address; throws if any of what it resolves to may not be reached. */
export async function resolveHost(
  { host, port }: Pick<RemoteUrl, 'host' | 'port'>,
  { resolve, reach, timeoutSeconds, signal }: ResolveOptions,
): Promise<readonly PinnedAddress[]> {
  if (!reach.allowsPort(port)) throw new FileRefusal('only the ports 80 and 443 are fetched from')
  const addresses = isIP(host) > 0 ? [host] : await ask(host, { resolve, timeoutSeconds, signal })
  // one private address among public ones is enough: which one is taken would be chance
  if (!addresses.every((address) => isIP(address) > 0 && reach.allowsAddress(address)))
    throw new FileRefusal('an address of a private network is not fetched')
  return addresses.map(pin).slice(0, MAX_TRIED_ADDRESSES)
}

function pin(address: string): PinnedAddress {
  return { address, family: isIP(address) === 6 ? 6 : 4 }
}

async function ask(host: string, options: Omit<ResolveOptions, 'reach'>): Promise<readonly string[]> {
  options.signal.throwIfAborted()
  const timeout = AbortSignal.timeout(options.timeoutSeconds * 1000)
  const signal = AbortSignal.any([options.signal, timeout])
  const answer = options.resolve(host)
  try {
    const addresses = await unlessAborted(answer, signal)
    if (addresses.length > 0) return addresses
  } catch (cause) {
    if (options.signal.aborted) throw cause
    throw new FileRefusal('the host of the address could not be resolved', { cause })
  }
  throw new FileRefusal('the host of the address could not be resolved')
}
