import { Hono } from 'hono'
import { z } from 'zod'
import { type Account, accountSchema } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { MEDIA_KINDS } from '../state/media-quotas.ts'
import { isMode } from '../state/modes.ts'
import { seededRandom, seedFrom } from '../state/random.ts'
import type { WeeklyPoolPatch } from '../state/weekly-pools.ts'
import {
  accountInputSchema,
  accountPatchSchema,
  mediaQuotasPatchSchema,
  quotasPatchSchema,
} from './control-schema.ts'
import { ControlError, parseBody } from './parse-body.ts'

type ParsedAccountInput = z.output<typeof accountInputSchema>

/** Accounts and their quota windows. */
export function accountRoutes(state: EmulatorState): Hono {
  return new Hono()
    .get('/accounts', (c) => c.json({ accounts: viewAccounts(state) }))
    .get('/quotas', (c) => {
      const quotas = state.accounts.list().map((account) => [account.token, state.quotas.viewAll(account)])
      return c.json({ quotas: Object.fromEntries(quotas) })
    })
    .put('/accounts', async (c) => {
      const { accounts } = await parseBody(c, z.strictObject({ accounts: z.array(accountInputSchema) }))
      state.accounts.replaceAll([])
      state.quotas.reset()
      state.mediaQuotas.reset()
      state.weeklyPools.reset()
      for (const input of accounts) putAccount(state, input)
      return c.json({ accounts: viewAccounts(state) })
    })
    .put('/accounts/:token', async (c) => {
      const token = c.req.param('token')
      const body = await parseBody(c, accountInputSchema.partial({ token: true }))
      return c.json(putAccount(state, { ...body, token }))
    })
    .patch('/accounts/:token', async (c) => {
      const account = findAccount(state, c.req.param('token'))
      const { quotas, mediaQuotas, weekly, ...changes } = await parseBody(c, accountPatchSchema)
      const changed = accountSchema.parse({ ...account, ...changes })
      state.accounts.put(changed)
      return c.json(viewWithQuotas(state, changed, { quotas, mediaQuotas, weekly }))
    })
    .delete('/accounts/:token', (c) => {
      if (!state.accounts.remove(c.req.param('token'))) throw new ControlError(404, 'no such account')
      return c.body(null, 204)
    })
}

function putAccount(
  state: EmulatorState,
  { quotas, mediaQuotas, weekly, ...input }: ParsedAccountInput,
): object {
  const account = accountSchema.parse({
    userId: userIdFor(input.token),
    email: `${input.token}@example.org`,
    ...input,
  })
  state.accounts.put(account)
  return viewWithQuotas(state, account, { quotas, mediaQuotas, weekly })
}

interface QuotaChanges {
  readonly quotas?: unknown
  readonly mediaQuotas?: unknown
  readonly weekly?: WeeklyPoolPatch | null | undefined
}

function viewWithQuotas(state: EmulatorState, account: Account, changes: QuotaChanges): object {
  for (const [mode, patch] of Object.entries(quotasPatchSchema.parse(changes.quotas ?? {}))) {
    if (isMode(mode) && patch !== undefined) state.quotas.patch(account, mode, patch)
  }
  const media = mediaQuotasPatchSchema.parse(changes.mediaQuotas ?? {})
  for (const kind of MEDIA_KINDS) {
    const patch = media[kind]
    if (patch !== undefined) state.mediaQuotas.patch(account, kind, patch)
  }
  if (changes.weekly !== undefined) state.weeklyPools.patch(account.token, changes.weekly)
  return {
    ...account,
    quotas: state.quotas.viewAll(account),
    mediaQuotas: state.mediaQuotas.viewAll(account),
    weekly: state.weeklyPools.view(account.token),
    ownerSettings: state.ownerSettings.view(account.token),
  }
}

function viewAccounts(state: EmulatorState): readonly object[] {
  return state.accounts.list().map((account) => viewWithQuotas(state, account, {}))
}

function findAccount(state: EmulatorState, token: string): Account {
  const account = state.accounts.find(token)
  if (account === undefined) throw new ControlError(404, 'no such account')
  return account
}

// The same token always belongs to the same user, so that tests can set accounts again without changing ids.
function userIdFor(token: string): string {
  const random = seededRandom(seedFrom(token))
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
