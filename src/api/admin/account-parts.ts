import { z } from 'zod'
import { CredentialError, hashCredential, parseCredential } from '../../accounts/credential.ts'
import type { AccountDirectory } from '../../accounts/directory.ts'
import type { Account, StateCause } from '../../core/account.ts'
import type { AccountStore } from '../../store/contract.ts'
import type { Clock } from '../../util/clock.ts'
import { SecretBoxError, type SecretBox } from '../../util/secret-box.ts'
import { AdminError } from './admin-error.ts'
import { MASK } from './mask.ts'

/** What the routes about accounts stand on. */
export interface AccountRouteParts {
  readonly directory: Pick<AccountDirectory, 'find' | 'accounts' | 'change' | 'inFlight'>
  readonly store: AccountStore
  readonly box: SecretBox
  /** Writes what the directory has changed and not yet written. */
  readonly flushAccounts: () => Promise<void>
  /** Reads what others wrote to the store; answers whether there was anything. */
  readonly syncAccounts: (signal: AbortSignal) => Promise<boolean>
  readonly clock: Clock
}

/** The most accounts that one request may name. */
export const MAX_TARGETS = 100_000

/** The largest body of a request that holds many tokens. */
export const MAX_ACCOUNTS_BODY_BYTES = 32 * 1024 * 1024

const MAX_TOKEN_LENGTH = 20_000

/** The id of an account. */
export const idSchema = z.number().int().min(1)

/** A token as a caller writes it: bare, or in a cookie. */
export const tokenSchema = z.string().max(MAX_TOKEN_LENGTH)

/** Many ids. */
export const idsSchema = z.array(idSchema).max(MAX_TARGETS)

/** Accounts by their ids, their tokens, or both. */
export const targetsShape = {
  ids: idsSchema.optional(),
  tokens: z.array(tokenSchema).max(MAX_TARGETS).optional(),
}

/** How many of the accounts that were named were there. */
export const summarySchema = z.object({ total: z.number(), ok: z.number(), fail: z.number() })

interface Targets {
  readonly ids?: readonly number[] | undefined
  readonly tokens?: readonly string[] | undefined
}

/** What a caller named: the accounts that are here, once each, and how many names there were. */
export interface FoundTargets {
  readonly ids: readonly number[]
  readonly named: number
}

/** Finds accounts by id and token. */
export function findTargets(parts: AccountRouteParts, { ids = [], tokens = [] }: Targets): FoundTargets {
  const found = new Set(ids.filter((id) => parts.directory.find(id)))
  const hashes = new Set(tokens.map(hashOf))
  if (hashes.size > 0) {
    for (const { id, credentialHash } of parts.directory.accounts()) {
      if (hashes.has(credentialHash)) found.add(id)
    }
  }
  return { ids: [...found], named: new Set(ids).size + hashes.size }
}

/** The one account that a caller means; refuses if it is not here. */
export function requireAccount(
  parts: AccountRouteParts,
  { id, token }: { readonly id?: number | undefined; readonly token?: string | undefined },
): Account {
  if (id === undefined && token === undefined) {
    throw new AdminError('invalid_request', 'The request is not valid.', {
      fields: [{ key: 'id', message: 'give an id or a token' }],
    })
  }
  const named = id === undefined ? { tokens: [token ?? ''] } : { ids: [id] }
  const [found] = findTargets(parts, named).ids
  const account = found === undefined ? undefined : parts.directory.find(found)
  if (!account) throw new AdminError('account_not_found', 'There is no such account.')
  return account
}

/** A token's hash; a text that is no token has one of its own, which no account has. */
function hashOf(token: string): string {
  try {
    return hashCredential(parseCredential(token))
  } catch (error) {
    if (error instanceof CredentialError) return `not a token: ${hashCredential(token)}`
    throw error
  }
}

/** One change of many accounts. */
export interface ManyChange {
  readonly ids: readonly number[]
  readonly edit: (account: Account) => Account
  readonly cause?: StateCause
}

/** Changes accounts as the store has them now, and returns once that is stored. The number is of those that were there. */
export async function changeAccounts(
  { directory, flushAccounts }: AccountRouteParts,
  { ids, edit, cause }: ManyChange,
): Promise<number> {
  let changed = 0
  for (const id of ids) if (directory.change(id, edit, cause)) changed++
  await flushAccounts()
  return changed
}

/** The token of an account, in the clear; undefined if none of the keys at hand opens it. */
export function openToken({ box }: AccountRouteParts, account: Account): string | undefined {
  return openSecret(box, account.sealedCredential, account.credentialHash)
}

/** The proxy of an account, in the clear; null if it has none that can be read. */
export function openProxyUrl(box: SecretBox, { sealedProxyUrl, credentialHash }: Account): string | null {
  return sealedProxyUrl === null ? null : (openSecret(box, sealedProxyUrl, credentialHash) ?? null)
}

function openSecret(box: SecretBox, sealed: string, context: string): string | undefined {
  try {
    return box.open(sealed, context)
  } catch (error) {
    if (error instanceof SecretBoxError) return undefined
    throw error
  }
}

const SHOWN_LENGTH = 4
/** Shorter tokens are not shown at all: eight characters of them would be too many. */
const MIN_LENGTH_TO_SHOW = 24

/** A token as a list may show it. */
export function maskToken(token: string | undefined): string {
  if (token === undefined || token.length < MIN_LENGTH_TO_SHOW) return MASK
  return `${token.slice(0, SHOWN_LENGTH)}…${token.slice(-SHOWN_LENGTH)}`
}

/** A proxy's address without its user and password. */
export function maskProxyUrl(proxyUrl: string | null): string | null {
  if (proxyUrl === null) return null
  const url = URL.parse(proxyUrl)
  if (!url) return MASK
  const secret = url.username || url.password ? `${MASK}@` : ''
  return `${url.protocol}//${secret}${url.host}`
}
