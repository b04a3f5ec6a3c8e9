import { Hono } from 'hono'
import { requireAccount } from '../rest/auth.ts'
import type { ProductEnv } from '../rest/exchange.ts'
import { serviceError } from '../rest/http-errors.ts'
import type { Account } from '../state/accounts.ts'
import type { EmulatorState } from '../state/emulator-state.ts'
import { GATEWAY_PATH, GatewaySession } from './session.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The chat gateway socket (E5), spec/upstream-chat.md §3.2. */
export function gatewayRoutes(state: EmulatorState): Hono<ProductEnv> {
  return new Hono<ProductEnv>().get(GATEWAY_PATH, requireAccount(state), (c) => {
    const account = c.get('account')
    const exchange = c.get('exchange')
    const cookie = c.req.header('cookie') ?? ''
    const refusal = refuseIdentity(state, account, { uid: c.req.query('uid') ?? '', cookie })
    if (refusal !== null) return refusal
    const { record, plan } = exchange
    const session = new GatewaySession(state, account, { record, plan })
    if (!c.env.upgrade(session)) {
      session.closed()
      return serviceError(400, 3, 'A WebSocket handshake is expected')
    }
    exchange.isStreaming = true
    // Bun has answered already; what is returned here is not sent.
    return new Response(null, { status: 101 })
  })
}

interface ClaimedIdentity {
  readonly uid: string
  readonly cookie: string
}

function refuseIdentity(
  state: EmulatorState,
  account: Account,
  { uid, cookie }: ClaimedIdentity,
): Response | null {
  if (!UUID.test(uid)) return serviceError(400, 3, 'uid must be a UUID')
  if (uid.toLowerCase() !== account.userId) return serviceError(403, 7, 'uid is not the user of the session')
  const claimed = /(?:^|;\s*)x-userid=([^;]*)/.exec(cookie)?.[1]
  const isMissing = claimed === undefined && state.behaviour.strictUserId
  const isForeign = claimed !== undefined && claimed.toLowerCase() !== account.userId
  return isMissing || isForeign ? serviceError(403, 7, 'x-userid is not the user of the session') : null
}
