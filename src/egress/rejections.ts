import { dropOldest } from '../util/drop-oldest.ts'
interface Rejection {
  readonly wayOut: string
  readonly at: number
  readonly isAccounts: boolean
}

/** What a rejection proves; `forgive` names the way out that an earlier one was wrongly counted against. */
export type Verdict =
  | { readonly blames: 'way-out' }
  | { readonly blames: 'account'; readonly forgive: string }

/** How long a rejection is remembered. */
const MEMORY_MS = 600_000
const MAX_ACCOUNTS = 10_000

/**
 * Tells whose fault a refusal at the upstream's edge is. The first counts against the way out. An account that is refused
 * again, elsewhere or where others were answered since, is itself the reason.
 */
export class Rejections {
  readonly #last = new Map<string, Rejection>()

  /** `answeredAt`: when the way out last carried an answer. */
  note(account: string, wayOut: string, times: { now: number; answeredAt: number | undefined }): Verdict {
    const { now, answeredAt = 0 } = times
    const before = this.#last.get(account)
    const isFresh = before !== undefined && now - before.at < MEMORY_MS
    const isAccounts = isFresh && (before.isAccounts || before.wayOut !== wayOut || answeredAt > before.at)
    this.#last.delete(account)
    this.#last.set(account, { wayOut, at: now, isAccounts })
    dropOldest(this.#last, MAX_ACCOUNTS)
    return isAccounts && before ? { blames: 'account', forgive: before.wayOut } : { blames: 'way-out' }
  }

  /** The account was answered: nothing is held against it. */
  clear(account: string): void {
    this.#last.delete(account)
  }

  /** Whether the last refusal of an account was its own fault. */
  isAccounts(account: string): boolean {
    return this.#last.get(account)?.isAccounts === true
  }
}
