import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../util/clock.ts'
import { EndedSessions } from './ended-sessions.ts'
import { macOf, openToken, signToken } from './signed-token.ts'

const ID_SIZE_BYTES = 32
/** A session ends this long after the login, however much it is used. */
export const SESSION_LIFE_SECONDS = 12 * 3600
/** A session ends after this long without a request. */
export const SESSION_IDLE_SECONDS = 2 * 3600
/** A stream ticket is worth something for this long; "once" is this time, since no process knows what another has seen. */
export const TICKET_LIFE_SECONDS = 60

const sessionSchema = z.object({
  id: z.string(),
  /** When the operator logged in, and when the token was last renewed (epoch ms). */
  issuedAt: z.number(),
  renewedAt: z.number(),
})

const ticketSchema = z.object({ path: z.string(), actor: z.string(), expiresAt: z.number() })

/** One login of an operator. */
export type Session = Readonly<z.output<typeof sessionSchema>>

/** What tokens are made with. */
export interface SessionsOptions {
  /** Secret of the installation: the same in every worker and after a restart. */
  readonly sessionKey: Buffer
  /** The admin password; a new one ends every session, because the tokens are signed with it too. */
  readonly appKey: () => string
  readonly clock: Clock
}

/**
 * Sessions without a table: the cookie is a signed token, so it holds across workers and restarts. What that cannot do is
 * take a token back: a logout is remembered by the process that served it, until the token would have ended anyway.
 */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #ended: EndedSessions

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#ended = new EndedSessions(options.clock)
  }

  /** A new session, starting now. */
  start(): Session {
    const now = this.#options.clock()
    return { id: randomBytes(ID_SIZE_BYTES).toString('base64url'), issuedAt: now, renewedAt: now }
  }

  /** The same session, used now. */
  renew(session: Session): Session {
    return { ...session, renewedAt: this.#options.clock() }
  }

  /** Whether more than half of the idle time has passed. */
  needsRenewal({ renewedAt }: Session): boolean {
    return this.#options.clock() - renewedAt > (SESSION_IDLE_SECONDS * 1000) / 2
  }

  /** The cookie's value. */
  encode(session: Session): string {
    return signToken(this.#key(), 'session', session)
  }

  /** The session of a cookie; undefined if it is not ours, has ended, or was signed with an earlier password. */
  open(token: string): Session | undefined {
    const session = openToken(this.#key(), { purpose: 'session', schema: sessionSchema, token })
    if (!session || this.#ended.has(session.id)) return undefined
    return this.#options.clock() < endOf(session) ? session : undefined
  }

  /** Ends a session before its time, in this process. */
  end(session: Session): void {
    this.#ended.add(session.id, lifeEndOf(session))
  }

  /** What a page sends back with each change, to show that it could read an answer and not only send a cookie. */
  csrfToken({ id }: Session): string {
    return macOf(this.#key(), 'csrf', id)
  }

  /** A text that opens one event stream for a short while, for clients that can send neither a header nor a cookie. */
  issueTicket(path: string, actor: string): string {
    const expiresAt = this.#options.clock() + TICKET_LIFE_SECONDS * 1000
    return signToken(this.#key(), 'stream-ticket', { path, actor, expiresAt })
  }

  /** Who a ticket was given to, if it is for this path and still holds. */
  openTicket(ticket: string, path: string): string | undefined {
    const found = openToken(this.#key(), { purpose: 'stream-ticket', schema: ticketSchema, token: ticket })
    if (!found || found.path !== path || this.#options.clock() >= found.expiresAt) return undefined
    return found.actor
  }

  #key(): Buffer {
    const { sessionKey, appKey } = this.#options
    return createHmac('sha256', sessionKey).update('grok2api admin sessions\0').update(appKey()).digest()
  }
}

/** When a session ends if it is not used again (epoch ms). */
export function endOf(session: Session): number {
  return Math.min(lifeEndOf(session), session.renewedAt + SESSION_IDLE_SECONDS * 1000)
}

/** When a session ends at the latest (epoch ms). */
export function lifeEndOf({ issuedAt }: Session): number {
  return issuedAt + SESSION_LIFE_SECONDS * 1000
}
