import { z } from 'zod'
import type { Account } from '../../core/account.ts'
import { requireAccount, type AccountRouteParts } from './account-parts.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'

/** What is told the upstream in an account owner's name. */
export interface OwnerActions {
  setNsfw(account: Account, enabled: boolean, signal: AbortSignal): Promise<void>
  acceptTerms(account: Account, signal: AbortSignal): Promise<void>
  setBirthDate(account: Account, birthDate: string, signal: AbortSignal): Promise<'set' | 'already-set'>
}

/** What the routes on owners' settings need. */
export interface OwnerSettingsParts extends AccountRouteParts {
  readonly actions: OwnerActions
}

/** What the owner accepts; the request must name both, so that nobody accepts by accident. */
const TERMS = ['accounts.x.ai terms of service', 'grok.com product terms'] as const

const params = z.object({ id: z.coerce.number().int() })
const confirmed = z.literal(true, { error: 'must be true: the owner of the account confirms it' })

/**
 * Settings that are the account owner's word (the design's lines): a birth date is sent only as typed for this account and
 * confirmed, terms are accepted only by an action that names them, and nothing follows from anything else.
 */
export function ownerSettingsRoutes(parts: OwnerSettingsParts): readonly AdminRoute[] {
  const { actions } = parts
  return [
    adminRoute({
      method: 'post',
      path: '/accounts/:id/accept-terms',
      policy: 'admin',
      audit: 'accounts.accept-terms',
      summary: `Accepts, in the name of the account's owner, what "accept" names: ${TERMS.join('; ')}.`,
      input: z.object({
        params,
        body: z.object({ accept: z.tuple([z.literal(TERMS[0]), z.literal(TERMS[1])]), confirm: confirmed }),
      }),
      answer: doneSchema,
      handler: async ({ params: { id } }, { signal, note }) => {
        note({ account: id })
        await actions.acceptTerms(requireAccount(parts, { id }), signal)
        return done
      },
    }),
    adminRoute({
      method: 'post',
      path: '/accounts/:id/birth-date',
      policy: 'admin',
      audit: 'accounts.set-birth-date',
      summary: 'Sends the birth date that the owner of the account gave; the upstream takes it once.',
      input: z.object({ params, body: z.object({ birth_date: z.iso.date(), confirm: confirmed }) }),
      answer: doneSchema.extend({ result: z.enum(['set', 'already-set']) }),
      handler: async ({ params: { id }, body }, { signal, note }) => {
        note({ account: id })
        const account = requireAccount(parts, { id })
        return { ...done, result: await actions.setBirthDate(account, body.birth_date, signal) }
      },
    }),
    adminRoute({
      method: 'post',
      path: '/accounts/:id/nsfw',
      policy: 'admin',
      audit: 'accounts.set-nsfw',
      summary:
        "Switches the account's own setting for adult content; the upstream may ask for terms and birth date first.",
      input: z.object({ params, body: z.object({ enabled: z.boolean() }) }),
      answer: doneSchema,
      handler: async ({ params: { id }, body: { enabled } }, { signal, note }) => {
        note({ account: id, enabled })
        await actions.setNsfw(requireAccount(parts, { id }), enabled, signal)
        return done
      },
    }),
  ]
}
