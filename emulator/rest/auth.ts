import type { MiddlewareHandler } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Account } from '../state/accounts.ts'
import type { Credentials } from './cookies.ts'
import type { ProductEnv } from './exchange.ts'
import { httpError } from './http-errors.ts'

/** Lets only accounts in order pass: else 401, or 403 for a blocked one (spec/upstream-chat.md §1.4, §8.1). */
export function requireAccount(state: EmulatorState): MiddlewareHandler<ProductEnv> {
  return async (c, next) => {
    const account = findAccount(state, c.get('exchange').credentials)
    if (account === null || account.state === 'invalid') return httpError('unauthorized')
    if (account.state === 'blocked') return httpError('blocked')
    c.set('account', account)
    await next()
    return undefined
  }
}

/** The account of a token that stands in both cookies, in whatever state, or null. */
export function findAccount(state: EmulatorState, { sso, ssoRw }: Credentials): Account | null {
  if (sso === null || sso !== ssoRw) return null
  return state.accounts.find(sso) ?? null
}
