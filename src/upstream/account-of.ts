/** The account that a request is made for, by its cookie; what is public has none. */
export function accountOf(headers: Readonly<Record<string, string>>): string | undefined {
  return /(?:^|; )sso=([^;]+)/.exec(headers['cookie'] ?? '')?.[1]
}
