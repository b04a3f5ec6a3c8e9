import { assertNever } from '../state/assert-never.ts'
import { Hono } from 'hono'
import type { EmulatorState } from '../state/emulator-state.ts'
import type { Account } from '../state/accounts.ts'
import type { Behaviour } from '../state/behaviour.ts'
import { findAccount } from './auth.ts'
import type { ProductEnv } from './exchange.ts'
import { httpError } from './http-errors.ts'

const STATUS = { ok: 'authenticated', blocked: 'blocked', invalid: 'unauthenticated' } as const

/** `GET /api/auth/session` (E12), spec/upstream-chat.md §1.5: 401 for an unknown token, else 200 with the status. */
export function sessionRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().get('/api/auth/session', (c) => {
    const account = findAccount(state, c.get('exchange').credentials)
    if (account === null) return httpError('unauthorized')
    return c.json(sessionBody(account, state.behaviour.sessionShape))
  })
}

function sessionBody(account: Account, shape: Behaviour['sessionShape']): object {
  const { userId, email } = account
  const status = STATUS[account.state]
  switch (shape) {
    case 'session':
      return { status, session: { userId, email, organizationId: '' } }
    case 'user':
      return { status, user: { id: userId, email, teamId: '' } }
    case 'flat':
      return { status, userId, email }
    default:
      return assertNever(shape)
  }
}
