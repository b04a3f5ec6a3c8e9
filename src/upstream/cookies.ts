/** Cookies of the edge that may travel with an account; everything else could belong to another account. */
const edgeCookies = new Set(['cf_clearance', '__cf_bm', '_cfuvid'])
const EDGE_COOKIE_PREFIX = 'cf_chl_'
const VISIBLE_ASCII = /^[\x21-\x7e]+$/

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
    const isOfEdge = edgeCookies.has(name) || name.startsWith(EDGE_COOKIE_PREFIX)
    if (separator > 0 && isOfEdge && VISIBLE_ASCII.test(value) && !pairs.has(name)) pairs.set(name, value)
  }
  return [...pairs].map(([name, value]) => `${name}=${value}`)
}
