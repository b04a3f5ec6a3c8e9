import { z } from 'zod'
import { CredentialError, hashCredential, parseCredential } from '../../accounts/credential.ts'
import { applyProfile, namesSchema, profileShape, type ProfileChange } from '../../accounts/import-profile.ts'
import { noteTransition, type Account } from '../../core/account.ts'
import { tiers } from '../../core/model.ts'
import { CredentialTakenError } from '../../store/contract.ts'
import { accountSchema, encodeAccountAnswer } from './account-answer.ts'
import { operatorCause } from './account-changes.ts'
import { fieldError, requireTier } from './account-filter.ts'
import {
  changeAccounts,
  findTargets,
  idSchema,
  MAX_ACCOUNTS_BODY_BYTES,
  openProxyUrl,
  requireAccount,
  summarySchema,
  targetsShape,
  tokenSchema,
  type AccountRouteParts,
} from './account-parts.ts'
import { AdminError } from './admin-error.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'

const tier = z.enum(tiers)

const editBody = z.object({
  id: idSchema.optional(),
  old_token: tokenSchema.optional().meta({ description: 'Names the account, in place of its id.' }),
  token: tokenSchema.optional().meta({ description: 'The new token; the rest of the account stays.' }),
  pool: z.string().optional().meta({ description: 'The tier, as version 2 called it.' }),
  tier: tier.optional(),
  label: profileShape.label.optional(),
  notes: profileShape.notes.optional(),
  email: profileShape.email.nullable().optional(),
  tags: namesSchema.optional(),
  groups: namesSchema.optional(),
  priority: profileShape.priority.optional(),
  max_inflight: profileShape.max_inflight.nullable().optional(),
  pinned_tier: tier.nullable().optional(),
  proxy_url: profileShape.proxy_url.nullable().optional().meta({ description: 'null: as the settings say.' }),
})

const bulkBody = z.object({
  ...targetsShape,
  add_tags: namesSchema.default([]),
  remove_tags: namesSchema.default([]),
  add_groups: namesSchema.default([]),
  remove_groups: namesSchema.default([]),
  tier: tier.optional(),
  pinned_tier: tier.nullable().optional(),
  priority: profileShape.priority.optional(),
})

/** Changing what is said of accounts, and their tokens. */
export function accountEditRoutes(parts: AccountRouteParts): readonly AdminRoute[] {
  return [editRoute(parts), bulkRoute(parts)]
}

function editRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'put',
    path: '/tokens/edit',
    policy: 'admin',
    audit: 'accounts.edit',
    summary: 'Changes an account; a new token keeps its counts, tags and windows, and never enables it.',
    input: z.object({ body: editBody }),
    answer: doneSchema.extend({
      token: z.string(),
      pool: tier,
      account: accountSchema,
    }),
    handler: async ({ body }, call) => {
      const { id, old_token: oldToken, token, ...said } = body
      await parts.syncAccounts(call.signal)
      const { id: found } = requireAccount(parts, { id, token: oldToken })
      call.note({
        id: found,
        fields: Object.keys(body).filter((name) => name !== 'id' && name !== 'old_token'),
      })
      const change = profileChange(said)
      const credential = token === undefined ? undefined : requireCredential(token)
      const account = await editStored(parts, found, (stored) => {
        const edited = applyProfile(stored, change, parts.box)
        return credential === undefined
          ? edited
          : replaceCredential(parts, edited, { credential, email: said.email ?? null })
      })
      await parts.syncAccounts(call.signal)
      const answer = encodeAccountAnswer(parts, account)
      return { ...done, token: answer.token, pool: account.tier, account: answer }
    },
  })
}

/** Changes one row in the store itself: only there it is sure that a new token is nobody else's. */
async function editStored(
  { store, flushAccounts, clock }: AccountRouteParts,
  id: number,
  edit: (account: Account) => Account,
): Promise<Account> {
  await flushAccounts()
  const [base] = await store.find([id])
  if (!base || base.state.status === 'deleted') {
    throw new AdminError('account_not_found', 'There is no such account.')
  }
  try {
    const [saved] = await store.save([{ base, next: edit(base) }], clock())
    if (saved) return saved
  } catch (error) {
    if (!(error instanceof CredentialTakenError)) throw error
    const message = 'The token belongs to another account; restore that one if it was deleted.'
    throw new AdminError('token_conflict', message, { cause: error })
  }
  throw new AdminError('account_not_found', 'The account was deleted meanwhile.')
}

/**
 * The account under a new token. A login that was lost is there again; what else keeps it from use stays. It may be the
 * login of somebody else, so who the account is must be asked anew.
 */
function replaceCredential(
  parts: AccountRouteParts,
  account: Account,
  { credential, email }: { readonly credential: string; readonly email: string | null },
): Account {
  const { box, clock } = parts
  const credentialHash = hashCredential(credential)
  if (credentialHash === account.credentialHash) return account
  const proxyUrl = openProxyUrl(box, account)
  const next: Account = {
    ...account,
    credentialHash,
    upstreamUserId: null,
    email,
    sealedCredential: box.seal(credential, credentialHash),
    sealedProxyUrl: proxyUrl === null ? null : box.seal(proxyUrl, credentialHash),
  }
  if (account.state.status !== 'needs-login') return next
  const active: Account = { ...next, state: { status: 'active' }, streak: null, coolings: 0 }
  return noteTransition(next, active, operatorCause('an operator gave a new token', clock()))
}

function requireCredential(token: string): string {
  try {
    return parseCredential(token)
  } catch (error) {
    if (error instanceof CredentialError) throw fieldError('token', error.message)
    throw error
  }
}

/** What a request changes, without what it does not name. */
function profileChange(said: Omit<z.output<typeof editBody>, 'id' | 'old_token' | 'token'>): ProfileChange {
  const { pool, max_inflight: maxInFlight, pinned_tier: pinnedTier, proxy_url: proxyUrl, ...same } = said
  const named = pool === undefined || pool === 'auto' ? undefined : requireTier(pool)
  const change = { ...same, tier: said.tier ?? named, maxInFlight, pinnedTier, proxyUrl }
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

function bulkRoute(parts: AccountRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/tokens/bulk',
    policy: 'admin',
    audit: 'accounts.bulk',
    maxBodyBytes: MAX_ACCOUNTS_BODY_BYTES,
    summary: 'Changes tags, groups, tier or priority of many accounts.',
    input: z.object({ body: bulkBody }),
    answer: doneSchema.extend({ summary: summarySchema }),
    handler: async ({ body }, call) => {
      await parts.syncAccounts(call.signal)
      const { ids, named } = findTargets(parts, body)
      const ok = await changeAccounts(parts, { ids, edit: (account) => bulkEdit(parts, account, body) })
      const summary = { total: named, ok, fail: Math.max(0, named - ok) }
      call.note(summary)
      return { ...done, summary }
    },
  })
}

function bulkEdit({ box }: AccountRouteParts, account: Account, body: z.output<typeof bulkBody>): Account {
  const { tier, pinned_tier: pinnedTier, priority } = body
  const change: ProfileChange = {
    tags: editNames(account.tags, body.add_tags, body.remove_tags),
    groups: editNames(account.groups, body.add_groups, body.remove_groups),
    ...(tier !== undefined && { tier }),
    ...(pinnedTier !== undefined && { pinnedTier }),
    ...(priority !== undefined && { priority }),
  }
  return applyProfile(account, change, box)
}

function editNames(
  names: readonly string[],
  added: readonly string[],
  removed: readonly string[],
): readonly string[] {
  return [...new Set([...names, ...added])].filter((name) => !removed.includes(name))
}
