/** Streams of one account. */
export interface AccountCounters {
  readonly openStreams: number
  readonly maxOpenStreams: number
  readonly streams: number
}

/** Live counters, as the control route shows them. */
export interface Counters extends AccountCounters {
  readonly requests: number
  /** By account token. */
  readonly accounts: Readonly<Record<string, AccountCounters>>
}

const NONE: AccountCounters = { openStreams: 0, maxOpenStreams: 0, streams: 0 }

/** Counts requests and concurrent answer streams, in all and per account. */
export class CounterTable {
  #requests = 0
  #all = NONE
  readonly #accounts = new Map<string, AccountCounters>()

  /** Counts one request. */
  request(): void {
    this.#requests += 1
  }

  /** Counts a stream as open until the returned function is called; later calls do nothing. */
  openStream(token: string): () => void {
    this.#all = opened(this.#all)
    this.#accounts.set(token, opened(this.#accounts.get(token) ?? NONE))
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      this.#all = closed(this.#all)
      this.#accounts.set(token, closed(this.#accounts.get(token) ?? NONE))
    }
  }

  /** The counters now. */
  view(): Counters {
    return { requests: this.#requests, ...this.#all, accounts: Object.fromEntries(this.#accounts) }
  }

  /** Totals back to 0 and maxima back to what is open now; open streams stay counted. */
  reset(): void {
    this.#requests = 0
    this.#all = restarted(this.#all)
    for (const [token, counters] of this.#accounts) {
      if (counters.openStreams === 0) this.#accounts.delete(token)
      else this.#accounts.set(token, restarted(counters))
    }
  }
}

function opened(counters: AccountCounters): AccountCounters {
  const openStreams = counters.openStreams + 1
  return {
    openStreams,
    maxOpenStreams: Math.max(counters.maxOpenStreams, openStreams),
    streams: counters.streams + 1,
  }
}

function closed(counters: AccountCounters): AccountCounters {
  return { ...counters, openStreams: Math.max(0, counters.openStreams - 1) }
}

function restarted({ openStreams }: AccountCounters): AccountCounters {
  return { openStreams, maxOpenStreams: openStreams, streams: 0 }
}
