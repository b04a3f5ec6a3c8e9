/** The cookies of a request that the service looks at, spec/upstream-chat.md §1.4. */
export interface Credentials {
  readonly sso: string | null
  readonly ssoRw: string | null
  readonly cfClearance: string | null
}

/** Reads the Cookie header; the first cookie of a name wins. */
export function parseCredentials(header: string | null): Credentials {
  const cookies = new Map<string, string>()
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, equals).trim()
    if (equals > 0 && !cookies.has(name)) cookies.set(name, part.slice(equals + 1).trim())
  }
  const read = (name: string): string | null => cookies.get(name) || null
  return { sso: read('sso'), ssoRw: read('sso-rw'), cfClearance: read('cf_clearance') }
}
