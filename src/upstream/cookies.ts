import { isEdgeCookie } from '../core/edge-cookie.ts'

/** The `Cookie` header of one account, with the edge's cookies (spec/upstream-chat.md §1.4). */
export function encodeCookies(credential: string, edgeCookieHeader: string): string {
  return [`sso=${credential}`, `sso-rw=${credential}`, ...parseEdgeCookies(edgeCookieHeader)].join('; ')
}

/** The pairs of a pasted cookie string that belong to the edge, names lower-cased, the first of a name. */
function parseEdgeCookies(header: string): string[] {
  const pairs = new Map<string, string>()
  for (const pair of header.split(';')) {
    const separator = pair.indexOf('=')
    const name = pair.slice(0, separator).trim().toLowerCase()
    const value = pair.slice(separator + 1).trim()
    if (separator > 0 && isEdgeCookie(name, value) && !pairs.has(name)) pairs.set(name, value)
  }
  return [...pairs].map(([name, value]) => `${name}=${value}`)
}
