import { z } from 'zod'
import { adminRoute, done, doneSchema, noInput, type AdminCall, type AdminRoute } from './route.ts'
import { nameActor } from './actor.ts'
import type { Guard } from './guard.ts'
import { clearedCookie, sessionCookie } from './session-cookie.ts'
import { endOf, lifeEndOf, TICKET_LIFE_SECONDS, type Session, type Sessions } from './sessions.ts'

const MAX_PASSWORD_LENGTH = 16_384
const MAX_PATH_LENGTH = 512
const LOGIN_BODY_BYTES = 64 * 1024

/** What logging in and out needs. */
export interface SessionRouteParts {
  readonly guard: Guard
  readonly sessions: Sessions
  readonly publicUrl: () => string
}

const times = {
  expires_at: z.number().meta({ description: 'When the session ends if it is not used again, epoch ms.' }),
  ends_at: z.number().meta({ description: 'When it ends at the latest, epoch ms.' }),
}

const loginAnswer = doneSchema.extend({ csrf_token: z.string(), ...times })

const sessionAnswer = doneSchema.extend({
  type: z.enum(['session', 'bearer']),
  actor: z.string().meta({ description: 'As in the audit trail.' }),
  csrf_token: z
    .string()
    .nullable()
    .meta({ description: 'For the header x-csrf-token; null with a bearer key.' }),
  expires_at: times.expires_at.nullable(),
  ends_at: times.ends_at.nullable(),
})

const ticketPath = z
  .string()
  .max(MAX_PATH_LENGTH)
  .regex(/^\/admin\/api\/[\w\-./]+$/, { error: 'must be the path of an event stream below /admin/api' })

/** Logging in and out, and tickets for event streams. */
export function sessionRoutes(parts: SessionRouteParts): readonly AdminRoute[] {
  return [loginRoute(parts), logoutRoute(parts), sessionRoute(parts), ticketRoute(parts)]
}

function loginRoute({ guard, sessions, publicUrl }: SessionRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/login',
    policy: 'public',
    audit: 'session.login',
    summary: 'Starts a session with the admin password; the answer sets a cookie.',
    maxBodyBytes: LOGIN_BODY_BYTES,
    input: z.object({ body: z.object({ password: z.string().max(MAX_PASSWORD_LENGTH) }) }),
    answer: loginAnswer,
    handler: ({ body }, call) => {
      guard.checkPassword(call.c, body.password)
      const session = sessions.start()
      call.setCookie(sessionCookie(sessions.encode(session), placeOf(call, publicUrl)))
      call.note({ session: nameActor({ type: 'session', session }) })
      return { ...done, csrf_token: sessions.csrfToken(session), ...encodeTimes(session) }
    },
  })
}

function logoutRoute({ sessions, publicUrl }: SessionRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/logout',
    policy: 'admin',
    audit: 'session.logout',
    summary: 'Ends the session and takes the cookie away.',
    input: noInput,
    answer: doneSchema,
    handler: (_input, call) => {
      if (call.actor.type === 'session') sessions.end(call.actor.session)
      call.setCookie(clearedCookie(placeOf(call, publicUrl)))
      return done
    },
  })
}

function sessionRoute({ sessions }: SessionRouteParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/session',
    policy: 'admin',
    audit: 'none',
    summary: 'Tells who is logged in and until when, and gives the CSRF token.',
    input: noInput,
    answer: sessionAnswer,
    handler: (_input, { actor }) => {
      const base = { ...done, actor: nameActor(actor) } as const
      if (actor.type !== 'session') {
        return { ...base, type: 'bearer', csrf_token: null, expires_at: null, ends_at: null }
      }
      const { session } = actor
      return { ...base, type: 'session', csrf_token: sessions.csrfToken(session), ...encodeTimes(session) }
    },
  })
}

function ticketRoute({ sessions }: SessionRouteParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/stream-tickets',
    policy: 'admin',
    audit: 'session.stream-ticket',
    summary: 'Gives a ticket that opens one event stream as ?ticket=… for a minute.',
    input: z.object({ body: z.object({ path: ticketPath }) }),
    answer: z.object({ ticket: z.string(), expires_in: z.number().meta({ description: 'Seconds.' }) }),
    handler: ({ body }, call) => {
      call.note({ path: body.path })
      const ticket = sessions.issueTicket(body.path, nameActor(call.actor))
      return { ticket, expires_in: TICKET_LIFE_SECONDS }
    },
  })
}

function placeOf({ c }: AdminCall, publicUrl: () => string) {
  return { requestUrl: c.req.url, publicUrl: publicUrl() }
}

function encodeTimes(session: Session) {
  return { expires_at: endOf(session), ends_at: lifeEndOf(session) }
}
