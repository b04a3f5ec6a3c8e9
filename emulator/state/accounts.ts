import { z } from 'zod'

/** One account of the emulated service: the token sits in the cookie, the rest is what the service knows of its owner. */
export const accountSchema = z.strictObject({
  token: z.string().regex(/^[^\s;,]+$/, 'a token holds no space, comma or semicolon'),
  userId: z.uuid(),
  email: z.string().min(1),
  tier: z.enum(['basic', 'super', 'heavy']),
  state: z.enum(['ok', 'invalid', 'blocked']),
})

/** See {@link accountSchema}. */
export type Account = z.infer<typeof accountSchema>

/** The tier of an account, spec/upstream-chat.md §7.2. */
export type Tier = Account['tier']

/** The accounts that exist after a start and after a reset. */
export const DEFAULT_ACCOUNTS: readonly Account[] = [
  {
    token: 'demo-basic-token',
    userId: 'b0000000-0000-4000-8000-000000000001',
    email: 'basic@example.org',
    tier: 'basic',
    state: 'ok',
  },
  {
    token: 'demo-super-token',
    userId: 'b0000000-0000-4000-8000-000000000002',
    email: 'super@example.org',
    tier: 'super',
    state: 'ok',
  },
  {
    token: 'demo-heavy-token',
    userId: 'b0000000-0000-4000-8000-000000000003',
    email: 'heavy@example.org',
    tier: 'heavy',
    state: 'ok',
  },
]

/** The token table of spec/upstream-chat.md §12 "auth". */
export class AccountTable {
  readonly #accounts = new Map<string, Account>()

  constructor() {
    this.reset()
  }

  /** The account that owns a token. */
  find(token: string): Account | undefined {
    return this.#accounts.get(token)
  }

  /** All accounts, in the order they were added. */
  list(): readonly Account[] {
    return [...this.#accounts.values()]
  }

  /** Adds an account or replaces the one with the same token. */
  put(account: Account): void {
    this.#accounts.set(account.token, account)
  }

  /** Removes an account; false when the token is unknown. */
  remove(token: string): boolean {
    return this.#accounts.delete(token)
  }

  /** Makes the given accounts the only ones. */
  replaceAll(accounts: readonly Account[]): void {
    this.#accounts.clear()
    for (const account of accounts) this.put(account)
  }

  /** Back to {@link DEFAULT_ACCOUNTS}. */
  reset(): void {
    this.replaceAll(DEFAULT_ACCOUNTS)
  }
}
