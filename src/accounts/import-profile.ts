import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Account, AccountProfile } from '../core/account.ts'
import type { Tier } from '../core/model.ts'
import { defaultQuota } from '../core/quota.ts'
import { SecretBoxError, type SecretBox } from '../util/secret-box.ts'

const MAX_NAME_LENGTH = 200
const MAX_NOTES_LENGTH = 5_000
const MAX_NAMES = 100
const MAX_PRIORITY = 1_000
const MAX_IN_FLIGHT = 1_000
const MAX_PROXY_LENGTH = 2_000
const PROXY_SCHEMES: ReadonlySet<string> = new Set([
  'http:',
  'https:',
  'socks:',
  'socks4:',
  'socks4a:',
  'socks5:',
  'socks5h:',
])

const name = z.string().trim().max(MAX_NAME_LENGTH)

/** Tags or groups, each once. */
export const namesSchema = z
  .array(name.min(1))
  .max(MAX_NAMES)
  .transform((names) => [...new Set(names)])

/** What may be said of an account, by the names that files and requests use. */
export const profileShape = {
  label: name,
  email: name,
  notes: z.string().max(MAX_NOTES_LENGTH),
  tags: namesSchema,
  groups: namesSchema,
  priority: z.number().int().min(-MAX_PRIORITY).max(MAX_PRIORITY),
  max_inflight: z.number().int().min(1).max(MAX_IN_FLIGHT),
  proxy_url: z.string().trim().max(MAX_PROXY_LENGTH).refine(isProxyUrl, 'is not the address of a proxy'),
}

/** What is to be different about an account; what is left out stays. A new tier starts with the windows of its kind. */
export interface ProfileChange extends Partial<Omit<AccountProfile, 'sealedProxyUrl'>> {
  readonly tier?: Tier
  readonly email?: string | null
  readonly proxyUrl?: string | null
}

/** The changed account, or the same object if nothing of it changes. */
export function applyProfile(account: Account, change: ProfileChange, box: SecretBox): Account {
  const { tier = change.pinnedTier ?? account.tier, proxyUrl, ...plain } = change
  const wanted = { ...plain, ...(proxyUrl !== undefined && sealProxy(account, proxyUrl, box)) }
  const changed = Object.entries(wanted).filter(
    ([field, value]) => !isDeepStrictEqual(value, Reflect.get(account, field)),
  )
  const next = changed.length === 0 ? account : { ...account, ...Object.fromEntries(changed) }
  return tier === next.tier
    ? next
    : { ...next, tier, quota: defaultQuota(tier), tierDoubt: null, syncedAt: null }
}

function sealProxy(
  account: Account,
  proxyUrl: string | null,
  box: SecretBox,
): Pick<Account, 'sealedProxyUrl'> {
  const { sealedProxyUrl, credentialHash } = account
  if (proxyUrl === null) return { sealedProxyUrl: null }
  if (sealedProxyUrl !== null && openOrNull(box, sealedProxyUrl, credentialHash) === proxyUrl)
    return { sealedProxyUrl }
  return { sealedProxyUrl: box.seal(proxyUrl, credentialHash) }
}

function openOrNull(box: SecretBox, sealed: string, context: string): string | null {
  try {
    return box.open(sealed, context)
  } catch (error) {
    if (error instanceof SecretBoxError) return null
    throw error
  }
}

function isProxyUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && PROXY_SCHEMES.has(url.protocol) && url.hostname !== ''
}
