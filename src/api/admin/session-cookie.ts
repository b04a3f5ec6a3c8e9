import { serialize } from 'hono/utils/cookie'
import { SESSION_LIFE_SECONDS } from './sessions.ts'

/** The name of the cookie that a login sets. */
export const SESSION_COOKIE = 'grok2api_session'

interface CookiePlace {
  /** The address that was asked. */
  readonly requestUrl: string
  /** `app.app_url`: https there means that a proxy in front speaks it. */
  readonly publicUrl: string
}

/** `Set-Cookie` for a session's token; a browser sends it only to `/admin`, and no script can read it. */
export function sessionCookie(token: string, place: CookiePlace): string {
  return serialize(SESSION_COOKIE, token, { ...attributes(place), maxAge: SESSION_LIFE_SECONDS })
}

/** `Set-Cookie` that takes the cookie away. */
export function clearedCookie(place: CookiePlace): string {
  return serialize(SESSION_COOKIE, '', { ...attributes(place), maxAge: 0 })
}

function attributes({ requestUrl, publicUrl }: CookiePlace) {
  const isSecure = [requestUrl, publicUrl].some((url) => url.toLowerCase().startsWith('https:'))
  return { path: '/admin', httpOnly: true, sameSite: 'Strict', ...(isSecure && { secure: true }) } as const
}
