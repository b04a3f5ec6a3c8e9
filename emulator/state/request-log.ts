/** How an exchange ended; null while it runs. `error` is a fault of the emulator itself. */
export type Outcome = 'completed' | 'client-closed' | 'reset' | 'error'

/** One recorded request, as the control route shows it. */
export interface RecordedRequest {
  readonly id: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly token: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body; `{"truncated":true,"sizeBytes":n}` when it is over 1 MiB or was dropped to stay under 64 MiB in all. */
  readonly body: unknown
  readonly status: number | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly durationMilliseconds: number | null
  readonly outcome: Outcome | null
  readonly framesSent: number
}

/** The facts that are known when a request arrives. */
export interface RequestFacts {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly token: string | null
  readonly headers: Headers
  readonly body: unknown
  readonly bodySizeBytes: number
}

/** A request whose record is still being written. */
export interface OpenRecord {
  /** Notes the status that goes out. */
  answered(status: number): void
  /** Adds frames that went out. */
  sent(frames: number): void
  /** Closes the record; only the first call counts. */
  end(outcome: Outcome): void
}

const MAX_RECORDS = 10_000
const MAX_BODY_BYTES = 1024 * 1024
const MAX_ALL_BODIES_BYTES = 64 * 1024 * 1024

// Without the body, so that dropping a body really frees it.
type KeptFacts = Omit<RequestFacts, 'body'>

interface Entry {
  readonly id: number
  readonly facts: KeptFacts
  body: unknown
  keptBytes: number
  status: number | null
  readonly startedAt: number
  endedAt: number | null
  outcome: Outcome | null
  framesSent: number
}

/** The newest 10,000 requests, oldest first. */
export class RequestLog {
  readonly #now: () => number
  #entries: (Entry | undefined)[] = []
  #first = 0
  #firstWithBody = 0
  #keptBytes = 0
  #nextId = 1

  constructor(now: () => number) {
    this.#now = now
  }

  /** Starts the record of a request. */
  open({ body, ...facts }: RequestFacts): OpenRecord {
    const keptBytes = facts.bodySizeBytes > MAX_BODY_BYTES ? 0 : facts.bodySizeBytes
    const entry: Entry = {
      id: this.#nextId,
      facts,
      body: keptBytes === facts.bodySizeBytes ? body : truncated(facts),
      keptBytes,
      status: null,
      startedAt: this.#now(),
      endedAt: null,
      outcome: null,
      framesSent: 0,
    }
    this.#nextId += 1
    this.#keptBytes += keptBytes
    this.#entries.push(entry)
    this.#forgetOldest()
    return recordOf(entry, this.#now)
  }

  /** The records that pass the filter, oldest first. */
  list(keep: (request: RecordedRequest) => boolean = () => true): readonly RecordedRequest[] {
    const requests: RecordedRequest[] = []
    for (const entry of this.#entries) {
      if (entry === undefined) continue
      const request = viewOf(entry)
      if (keep(request)) requests.push(request)
    }
    return requests
  }

  /** Forgets all records; ids go on counting. */
  clear(): void {
    this.#entries = []
    this.#first = 0
    this.#firstWithBody = 0
    this.#keptBytes = 0
  }

  #forgetOldest(): void {
    while (this.#keptBytes > MAX_ALL_BODIES_BYTES && this.#firstWithBody < this.#entries.length) {
      this.#dropBody(this.#entries[this.#firstWithBody])
      this.#firstWithBody += 1
    }
    if (this.#entries.length - this.#first <= MAX_RECORDS) return
    this.#dropBody(this.#entries[this.#first])
    this.#entries[this.#first] = undefined
    this.#first += 1
    if (this.#first < MAX_RECORDS) return
    // Compacting once per 10,000 requests keeps the cost of forgetting constant.
    this.#entries = this.#entries.slice(this.#first)
    this.#firstWithBody = Math.max(0, this.#firstWithBody - this.#first)
    this.#first = 0
  }

  #dropBody(entry: Entry | undefined): void {
    if (entry === undefined || entry.keptBytes === 0) return
    this.#keptBytes -= entry.keptBytes
    entry.keptBytes = 0
    entry.body = truncated(entry.facts)
  }
}

function recordOf(entry: Entry, now: () => number): OpenRecord {
  return {
    answered: (status) => {
      entry.status = status
    },
    sent: (frames) => {
      entry.framesSent += frames
    },
    end: (outcome) => {
      if (entry.outcome !== null) return
      entry.outcome = outcome
      entry.endedAt = now()
    },
  }
}

function truncated(facts: KeptFacts): unknown {
  return { truncated: true, sizeBytes: facts.bodySizeBytes }
}

function viewOf(entry: Entry): RecordedRequest {
  const { facts, startedAt, endedAt } = entry
  return {
    id: entry.id,
    method: facts.method,
    path: facts.path,
    query: facts.query,
    token: facts.token,
    headers: Object.fromEntries(facts.headers),
    body: entry.body,
    status: entry.status,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    durationMilliseconds: endedAt === null ? null : endedAt - startedAt,
    outcome: entry.outcome,
    framesSent: entry.framesSent,
  }
}
