import type { Impit } from 'impit'
import { unlessAborted } from '../util/unless-aborted.ts'
import { accountClassOf } from './account-of.ts'
import { chooseProfile } from './browser-profile.ts'
import type {
  AnswerBody,
  AnswerReader,
  FetchTransportOptions,
  HttpAnswer,
  Transport,
  TransportRequest,
} from './transport.ts'
import { dropOldest } from '../util/drop-oldest.ts'

export interface BrowserTransportOptions extends FetchTransportOptions {
  /** The profile for a User-Agent that names no browser (`proxy.clearance.browser`). */
  readonly usualProfile: () => string
}

/** Ways out times classes of accounts times profiles whose connections are kept. */
const MAX_CLIENTS = 256
/**
 * The library's bound for a whole answer, where the request has none. Silence is watched elsewhere, and far sooner; but a
 * request that is given up before its answer began stays open at the upstream until then, since nothing else ends it.
 */
const LONGEST_ANSWER_MS = 2 * 3600 * 1000
/** So that whoever waits sees its own time run out, not the library's. */
const LIMIT_GRACE_MS = 1_000

/**
 * A client whose TLS and HTTP/2 handshakes are those of the browser that the User-Agent names (docs/decisions). The library
 * is loaded with the first request.
 */
export class BrowserTransport implements Transport {
  readonly #options: BrowserTransportOptions
  /** A client that is left here is let go: its connections close with it. */
  readonly #clients = new Map<string, Impit>()

  constructor(options: BrowserTransportOptions) {
    this.#options = options
  }

  async send({
    method,
    url,
    headers,
    body,
    proxyUrl,
    signal,
    limitMs,
  }: TransportRequest): Promise<HttpAnswer> {
    signal.throwIfAborted()
    const address = proxyUrl === undefined ? undefined : await this.#options.proxyAddress(proxyUrl)
    const profile = chooseProfile(headers['user-agent'] ?? '', this.#options.usualProfile())
    const key = [profile, accountClassOf(headers), address ?? ''].join(' ')
    const client = this.#clients.get(key) ?? (await createClient(profile, address))
    this.#keep(key, client)
    const sending = client.fetch(url, {
      method,
      headers: { ...headers },
      timeout: limitMs === undefined ? LONGEST_ANSWER_MS : limitMs + LIMIT_GRACE_MS,
      ...(body !== undefined && { body }),
    })
    try {
      const response = await closeUnread(sending, signal)
      if (this.#options.resetStatuses().includes(response.status)) this.#drop(key, client)
      const { status, headers: answered } = response
      return { status, headers: answered, body: new WatchedBody(response.body, signal) }
    } catch (thrown) {
      // a caller who left says nothing about the connections that others use
      if (!signal.aborted) this.#drop(key, client)
      throw thrown
    }
  }

  /** Lets go of what is idle; answers that are being read end by themselves. */
  close(): void {
    this.#clients.clear()
  }

  /** The next request opens a new connection; a client that has taken this one's place stays. */
  #drop(key: string, client: Impit): void {
    if (this.#clients.get(key) === client) this.#clients.delete(key)
  }

  #keep(key: string, client: Impit): void {
    this.#clients.delete(key)
    this.#clients.set(key, client)
    dropOldest(this.#clients, MAX_CLIENTS)
  }
}

async function createClient(
  browser: ReturnType<typeof chooseProfile>,
  address: string | undefined,
): Promise<Impit> {
  const { Impit: Client } = await import('impit')
  return new Client({
    browser,
    followRedirects: false,
    timeout: LONGEST_ANSWER_MS,
    ...(address !== undefined && { proxyUrl: address }),
  })
}

interface Answer {
  readonly body: ReadableStream<Uint8Array>
}

/** The library cannot be stopped while it waits for an answer: one that comes too late is closed unread. */
async function closeUnread<Given extends Answer>(
  sending: Promise<Given>,
  signal: AbortSignal,
): Promise<Given> {
  try {
    return await unlessAborted(sending, signal)
  } catch (thrown) {
    sending.then(
      ({ body }) => body.cancel(),
      () => {}, // its own failure is the one that is thrown, or nobody is there to hear of it
    )
    throw thrown
  }
}

/**
 * The body of an answer. Only cancelling its reader closes the upstream's stream, so that is what the signal does. Not a
 * stream around the library's: every read would pass through both.
 */
class WatchedBody implements AnswerBody, AnswerReader {
  readonly #reader: AnswerReader
  readonly #signal: AbortSignal
  readonly #leave: () => void

  constructor(body: AnswerBody, signal: AbortSignal) {
    this.#reader = body.getReader()
    this.#signal = signal
    this.#leave = () => void this.#reader.cancel().catch(() => {}) // it may have ended already
    signal.addEventListener('abort', this.#leave, { once: true })
  }

  getReader(): AnswerReader {
    return this
  }

  async read(): ReturnType<AnswerReader['read']> {
    try {
      const result = await this.#reader.read()
      this.#signal.throwIfAborted()
      if (result.done) this.#unwatch()
      return result
    } catch (thrown) {
      this.#unwatch()
      throw thrown
    }
  }

  async cancel(): Promise<void> {
    this.#unwatch()
    await this.#reader.cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = await this.read(); chunk.value; chunk = await this.read()) yield chunk.value
    } finally {
      await this.cancel().catch(() => undefined) // it has failed, and that was thrown already
    }
  }

  #unwatch(): void {
    this.#signal.removeEventListener('abort', this.#leave)
  }
}
