import { accountOf } from './account-of.ts'
import { dropOldest } from '../util/drop-oldest.ts'

/** How long an account that was challenged with a fresh pass causes no other. */
const PAUSE_MS = 30_000
const MAX_KNOWN = 10_000

/** A request, as far as it says who meets the edge, and where. */
interface Caller {
  readonly origin: string
  readonly proxyUrl?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Accounts that the edge challenges whatever they show. A pass that has just been made for one of them says nothing against
 * that pass, which others share; and each pass costs a solver a browser.
 */
export class StubbornCallers {
  readonly #until = new Map<string, number>()

  /** Whether a new pass for it would be made in vain. */
  has(caller: Caller): boolean {
    return (this.#until.get(keyOf(caller)) ?? 0) > performance.now()
  }

  /** It was challenged with a pass that was made for it. */
  add(caller: Caller): void {
    const key = keyOf(caller)
    this.#until.delete(key)
    this.#until.set(key, performance.now() + PAUSE_MS)
    dropOldest(this.#until, MAX_KNOWN)
  }

  /** The edge has let it through. */
  remove(caller: Caller): void {
    if (this.#until.size > 0) this.#until.delete(keyOf(caller))
  }
}

function keyOf({ origin, proxyUrl, headers }: Caller): string {
  return [accountOf(headers) ?? '', origin, proxyUrl ?? ''].join(' ')
}
