/** The account that a request is made for, by its cookie; what is public has none. */
export function accountOf(headers: Readonly<Record<string, string>>): string | undefined {
  return /(?:^|; )sso=([^;]+)/.exec(headers['cookie'] ?? '')?.[1]
}

const ACCOUNT_CLASSES = 16

/** Accounts of one class share connections, and an account always has those of its class. */
export function accountClassOf(headers: Readonly<Record<string, string>>): number {
  const account = accountOf(headers)
  return account === undefined ? 0 : Bun.hash.xxHash32(account) % ACCOUNT_CLASSES
}
