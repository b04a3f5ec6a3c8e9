import type { Account } from '../../core/account.ts'
import type { NamedProxy } from './proxies.ts'

/** The settings that say which proxies are used (`proxy.egress`). */
export interface EgressSettings {
  readonly mode: 'direct' | 'single_proxy' | 'proxy_pool'
  readonly proxy_url: string
  readonly resource_proxy_url: string
  readonly proxy_pool: readonly string[]
  readonly resource_proxy_pool: readonly string[]
}

/** Accounts with the same proxy that are named. */
const MAX_NAMED = 5

/** The proxies that the mode uses; an empty address stands for one that is missing. */
export function listProxies(egress: EgressSettings): readonly NamedProxy[] {
  const { mode, resource_proxy_url: resource } = egress
  if (mode === 'direct') return []
  if (mode === 'single_proxy')
    return [
      ...inSetting('proxy_url', [egress.proxy_url]),
      ...inSetting('resource_proxy_url', resource === '' ? [] : [resource]),
    ]
  return [
    ...inSetting('proxy_pool', egress.proxy_pool.length === 0 ? [''] : egress.proxy_pool),
    ...inSetting('resource_proxy_pool', egress.resource_proxy_pool),
  ]
}

/** The proxies that accounts have for themselves, each once; those under another key are for the check of the secrets. */
export function listOwnProxies(
  accounts: readonly Account[],
  openSecret: (sealed: string, credentialHash: string) => string,
): readonly NamedProxy[] {
  const ids = new Map<string, number[]>()
  for (const { id, sealedProxyUrl, credentialHash } of accounts) {
    if (sealedProxyUrl === null) continue
    try {
      const address = openSecret(sealedProxyUrl, credentialHash)
      ids.set(address, [...(ids.get(address) ?? []), id])
    } catch {
      continue // told with its way out by the check of the secrets
    }
  }
  return [...ids].map(([address, owners]) => ({ address, name: nameOwners(owners) }))
}

function inSetting(name: string, addresses: readonly string[]): NamedProxy[] {
  const setting = `proxy.egress.${name}`
  return addresses.map((address) => ({ address, name: setting, setting }))
}

function nameOwners(ids: readonly number[]): string {
  if (ids.length === 1) return `proxy of account ${ids[0]}`
  const more = ids.length > MAX_NAMED ? ', …' : ''
  return `proxy of accounts ${ids.slice(0, MAX_NAMED).join(', ')}${more}`
}
