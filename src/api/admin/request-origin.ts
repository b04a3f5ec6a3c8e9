/** What a request says about where it comes from. */
export interface OriginHeaders {
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
  /** The host that was asked, with its port. */
  readonly host: string | undefined
}

/** `absent`: no browser said anything, as with `curl`. */
export type OriginVerdict = 'same' | 'foreign' | 'absent'

/**
 * Whether a browser sent a request from a page of this server. Every header that is there must agree. The scheme is not
 * compared, since a proxy in front often speaks https for us; where it also rewrites the host, `publicUrl` tells the name.
 */
export function judgeOrigin({ origin, secFetchSite, host }: OriginHeaders, publicUrl: string): OriginVerdict {
  if (origin === undefined && secFetchSite === undefined) return 'absent'
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin') return 'foreign'
  if (origin === undefined) return 'same'
  const asked = hostOf(origin)
  if (asked === undefined) return 'foreign'
  return asked === host?.toLowerCase() || asked === hostOf(publicUrl) ? 'same' : 'foreign'
}

function hostOf(address: string): string | undefined {
  return URL.canParse(address) && /^https?:/i.test(address) ? new URL(address).host : undefined
}
