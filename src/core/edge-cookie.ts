/** Cookies of the edge that may travel with an account; everything else could belong to another account. */
const names: ReadonlySet<string> = new Set(['cf_clearance', '__cf_bm', '_cfuvid'])
const PREFIX = 'cf_chl_'
const VISIBLE_ASCII = /^[\x21-\x3a\x3c-\x7e]+$/
const MAX_VALUE_LENGTH = 16 * 1024

/** Whether a cookie is the edge's own, and can stand in a header; the name in lower case. */
export function isEdgeCookie(name: string, value: string): boolean {
  const isOfEdge = names.has(name) || name.startsWith(PREFIX)
  return isOfEdge && value.length <= MAX_VALUE_LENGTH && VISIBLE_ASCII.test(value)
}
