import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { GatewayError } from '../../core/error.ts'
import { isSameText } from '../../util/same-text.ts'
import { presentedKey } from '../auth.ts'
import type { ApiEnv } from '../context.ts'
import type { Actor } from './actor.ts'
import { AdminError } from './admin-error.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { judgeOrigin, type OriginVerdict } from './request-origin.ts'
import { SESSION_COOKIE } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'

/** Who may use a route: anybody, who is logged in, or also who holds a ticket for this event stream. */
export type RoutePolicy = 'public' | 'admin' | 'admin-stream'

/** The header in which a page sends back its token. */
export const CSRF_HEADER = 'x-csrf-token'
/** The query parameter of an event stream that is opened by ticket. */
export const TICKET_PARAMETER = 'ticket'

export interface GuardOptions {
  readonly appKey: () => string
  /** Public address of this server, for pages behind a proxy that rewrites the host. */
  readonly publicUrl: () => string
  readonly sessions: Sessions
  readonly throttle: LoginThrottle
}

/** Decides who a request is from, and whether it may do what it asks. */
export class Guard {
  readonly #options: GuardOptions

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /** Who makes this request; throws 401 for nobody where somebody is needed. */
  identify(c: Context<ApiEnv>, policy: RoutePolicy): Actor {
    const { appKey, sessions } = this.#options
    if (appKey() === '') {
      throw new GatewayError('authentication_failed', 'The admin API is closed: app.app_key is empty.')
    }
    if (policy === 'public') return { type: 'nobody' }
    const bearer = presentedKey(c.req.header('authorization'), undefined)
    if (bearer !== undefined) {
      this.checkPassword(c, bearer)
      return { type: 'bearer' }
    }
    const ticket = policy === 'admin-stream' ? c.req.query(TICKET_PARAMETER) : undefined
    const holder = ticket === undefined ? undefined : sessions.openTicket(ticket, c.req.path)
    if (holder !== undefined) return { type: 'ticket', name: holder }
    const session = sessions.open(getCookie(c, SESSION_COOKIE) ?? '')
    if (session) return { type: 'session', session }
    throw new GatewayError('authentication_failed', 'You are not logged in, or your session has ended.')
  }

  /** Compares a password and counts a wrong one; without an `await`, so that no two guesses pass one look at the count. */
  checkPassword(c: Context<ApiEnv>, password: string): void {
    const { appKey, throttle } = this.#options
    const address = clientAddress(c)
    const retryAfterSeconds = throttle.waitSeconds(address)
    if (retryAfterSeconds > 0) {
      throw new AdminError('too_many_attempts', 'Too many wrong passwords. Wait before you try again.', {
        retryAfterSeconds,
      })
    }
    if (!isSameText(password, appKey())) {
      throttle.failed(address)
      throw new GatewayError('authentication_failed', 'The password is not the right one.')
    }
    throttle.succeeded(address)
  }

  /**
   * Throws 403 for a change that a foreign page may have caused. A cookie comes along by itself, so a session must also
   * show that the request is from a page of this server that could read its token. A bearer key never comes by itself.
   */
  checkIntent(c: Context<ApiEnv>, actor: Actor): void {
    if (actor.type === 'bearer') return
    const verdict = this.#judgeOrigin(c)
    if (actor.type === 'nobody' && verdict === 'absent') return
    if (verdict !== 'same') {
      const hint = 'Behind a proxy that changes the host name, set app.app_url.'
      throw new AdminError('forbidden', `The request does not come from a page of this server. ${hint}`)
    }
    if (actor.type !== 'session') return
    const expected = this.#options.sessions.csrfToken(actor.session)
    if (!isSameText(c.req.header(CSRF_HEADER) ?? '', expected)) {
      throw new AdminError('forbidden', `The header ${CSRF_HEADER} is missing or not the session's.`)
    }
  }

  #judgeOrigin(c: Context<ApiEnv>): OriginVerdict {
    const headers = {
      origin: c.req.header('origin'),
      secFetchSite: c.req.header('sec-fetch-site'),
      host: c.req.header('host') ?? new URL(c.req.url).host,
    }
    return judgeOrigin(headers, this.#options.publicUrl())
  }
}

/** The address at the other end of the connection. `X-Forwarded-For` is not believed: anybody can send it. */
export function clientAddress(c: Context<ApiEnv>): string {
  return c.env?.address ?? '-'
}
