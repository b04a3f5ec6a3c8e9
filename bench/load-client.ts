/** What is asked, and how its answer is read. */
export interface StreamTarget {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What stands in the answer once for each token. */
  readonly tokenMark: string
  /** What a whole answer holds near its end. */
  readonly endMark: string
}

export interface LoadOptions {
  readonly streams: number
  readonly concurrency: number
}

/** How one stream went; times in milliseconds. */
export interface StreamReport {
  readonly tokens: number
  readonly isWhole: boolean
  /** From the request's last byte written to the first token's arrival. */
  readonly firstTokenMs: number
  /** Pauses between reads that brought tokens. */
  readonly gapsMs: readonly number[]
}

/** Longest time that one stream may take. */
const STREAM_LIMIT_MS = 60_000
/** The end of a chunked body; in JSON text line breaks are escaped, so it cannot stand inside an answer. */
const LAST_CHUNK = '\r\n0\r\n\r\n'

/**
 * Runs streams over as many keep-alive connections as there may be at once. Plain sockets and text search instead of an
 * HTTP client: what is measured must not wait for who measures.
 */
export async function runStreams(
  target: StreamTarget,
  options: LoadOptions,
): Promise<readonly StreamReport[]> {
  const reports: StreamReport[] = []
  const request = encodeRequest(target)
  let left = options.streams
  const work = async (): Promise<void> => {
    using connection = await connect(target)
    while (left-- > 0) reports.push(await connection.run(request))
  }
  await Promise.all(Array.from({ length: options.concurrency }, work))
  return reports
}

/** The whole HTTP request. */
export function encodeRequest({ url, path, headers, body }: StreamTarget): string {
  const fields = {
    host: new URL(url).host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** One connection, which runs one stream at a time. */
export interface Connection extends Disposable {
  run(request: string): Promise<StreamReport>
}

/** Opens a connection to the server of the target. */
export async function connect(target: StreamTarget): Promise<Connection> {
  const { hostname, port } = new URL(target.url)
  let current: StreamReader | undefined
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, bytes) => current?.read(bytes),
      close: () => current?.finish('the connection was closed'),
      error: (_, error) => current?.finish(error.message),
    },
  })
  return {
    run: (request) => {
      current = new StreamReader(target)
      socket.write(request)
      return current.report
    },
    [Symbol.dispose]: () => void socket.end(),
  }
}

/** Reads one answer. */
class StreamReader {
  readonly report: Promise<StreamReport>
  readonly #settle: PromiseWithResolvers<StreamReport>
  readonly #target: StreamTarget
  readonly #startedAt = performance.now()
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #gapsMs: number[] = []
  /** The end of the last read, shorter than a mark: a mark may be cut in two. */
  #tail = ''
  #tokens = 0
  #firstTokenMs = Number.NaN
  #lastTokenAt = 0
  #hasEnd = false

  constructor(target: StreamTarget) {
    this.#target = target
    this.#settle = Promise.withResolvers()
    this.report = this.#settle.promise
    this.#timer = setTimeout(() => this.finish('it took too long'), STREAM_LIMIT_MS)
  }

  read(bytes: Buffer): void {
    const text = this.#tail + bytes.toString('latin1')
    const { tokenMark, endMark } = this.#target
    const found = count(text, tokenMark)
    if (found > 0) this.#noteTokens(found)
    this.#hasEnd ||= text.includes(endMark)
    this.#tail = text.slice(1 - tokenMark.length)
    if (text.endsWith(LAST_CHUNK)) this.finish()
    else if (this.#tokens === 0 && text.startsWith('HTTP/1.1 ') && !text.startsWith('HTTP/1.1 200'))
      this.finish(text)
  }

  /** The answer is over; `problem` says why it is not whole. */
  finish(problem?: string): void {
    clearTimeout(this.#timer)
    if (problem !== undefined && this.#tokens === 0) {
      this.#settle.reject(new Error(`a stream of ${this.#target.url} failed: ${problem}`))
      return
    }
    this.#settle.resolve({
      tokens: this.#tokens,
      isWhole: problem === undefined && this.#hasEnd,
      firstTokenMs: this.#firstTokenMs,
      gapsMs: this.#gapsMs,
    })
  }

  #noteTokens(found: number): void {
    const now = performance.now()
    if (this.#tokens === 0) this.#firstTokenMs = now - this.#startedAt
    else this.#gapsMs.push(now - this.#lastTokenAt)
    this.#lastTokenAt = now
    this.#tokens += found
  }
}

function count(text: string, mark: string): number {
  let found = 0
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) found++
  return found
}
