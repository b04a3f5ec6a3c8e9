import { accountClassOf } from './account-of.ts'

/** One HTTP request to the upstream. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Absent: directly, whatever the environment says. */
  readonly proxyUrl?: string
  readonly signal: AbortSignal
  /** Stands still while a clearance is waited for. */
  readonly timer?: RequestTimer
  /** Nobody waits longer for the whole answer, from when it is asked for (ms). */
  readonly limitMs?: number
}

/** What watches the time of a request. */
export interface RequestTimer {
  pause(): void
  /** The time starts anew. */
  touch(): void
}

/** The bytes of an answer. Cancelling its reader, or leaving a loop over it early, closes the upstream's stream. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  getReader(): AnswerReader
}

export interface AnswerReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

/** What came back: a `Response`, or as much of one as is looked at here. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: AnswerBody | null
}

/** How bytes reach the upstream. Cancelling the body, or the signal, must close the upstream's stream. */
export interface Transport {
  /** Resolves when the response headers are there; rejects on a failure of the connection. */
  send(request: TransportRequest): Promise<HttpAnswer>
}

export interface FetchTransportOptions {
  /** The address of a proxy that the runtime can speak to, for one that it may not. */
  readonly proxyAddress: (proxyUrl: string) => Promise<string>
  /** Statuses after which connections are not used again (`retry.reset_session_status_codes`). */
  readonly resetStatuses: () => readonly number[]
}

/** Ways out times classes whose connections are kept. */
const MAX_SESSIONS = 1_024

/** The runtime's own client. Redirects are answers here: the upstream's API does not redirect. */
export class FetchTransport implements Transport {
  readonly #options: FetchTransportOptions
  readonly #sessions = new Map<string, Bun.FetchSession>()

  constructor(options: FetchTransportOptions) {
    this.#options = options
  }

  async send({ method, url, headers, body, proxyUrl, signal }: TransportRequest): Promise<Response> {
    const address = proxyUrl === undefined ? undefined : await this.#options.proxyAddress(proxyUrl)
    const key = `${accountClassOf(headers)} ${address ?? ''}`
    const session = this.#sessionFor(key, address)
    try {
      const response = await session.fetch(url, {
        method,
        headers,
        signal,
        redirect: 'manual',
        // proxies close the connection of a request that is not tunnelled; it must not be taken for a next one
        keepalive: address === undefined || !url.startsWith('http:'),
        ...(body !== undefined && { body }),
      })
      if (this.#options.resetStatuses().includes(response.status)) this.#drop(key, session)
      return response
    } catch (thrown) {
      // a caller who left says nothing about the connections that others use
      if (!signal.aborted) this.#drop(key, session)
      throw thrown
    }
  }

  /** Closes what is idle; requests in flight end by themselves. */
  close(): void {
    for (const [key, session] of this.#sessions) this.#drop(key, session)
  }

  #sessionFor(key: string, address: string | undefined): Bun.FetchSession {
    const known = this.#sessions.get(key)
    // a proxy that is set is taken even for hosts that the environment would reach directly
    const proxy = address === undefined ? (false as const) : { url: address, respectNoProxy: false }
    const session = known ?? new Bun.FetchSession({ proxy })
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.size > MAX_SESSIONS ? this.#sessions : []
    if (oldest) this.#drop(oldest[0], oldest[1])
    return session
  }

  /** The next request opens a new connection. */
  #drop(key: string, session: Bun.FetchSession): void {
    if (this.#sessions.get(key) === session) this.#sessions.delete(key)
    session.close()
  }
}

/** The runtime's own client, with nothing between it and the proxies. */
export const fetchTransport: Transport = new FetchTransport({
  proxyAddress: (proxyUrl) => Promise.resolve(proxyUrl),
  resetStatuses: () => [],
})
