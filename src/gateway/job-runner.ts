import { toGatewayError } from '../core/error.ts'
import type { Job, JobItem, JobItemResult, Json } from '../core/job.ts'
import type { JobStore } from '../store/contract.ts'
import type { Clock } from '../util/clock.ts'
import { describeError, type Log } from '../util/log.ts'
import { mapLimit } from '../util/map-limit.ts'

/** How long a job is a process's without a sign of life; then another process carries it on. */
const LEASE_MS = 10_000
const BEAT_MS = 1_000

/** Items that are read at once; each page is done before the next is read. */
const PAGE_SIZE = 200

/** Jobs that one process runs side by side, unless it is told otherwise. */
const DEFAULT_MAX_RUNNING = 4

/** How one kind of job treats one of its items; the items are independent of one another. */
export interface JobHandler {
  /** Items at once. */
  readonly concurrency: (job: Job) => number
  /** Does one item and says what came of it; throws why it failed. An item may run again after a crash. */
  readonly run: (subject: Json, job: Job, signal: AbortSignal) => Promise<Json>
}

/** How one kind of job is run as a whole, its items being the steps that it records on its way. */
export interface WholeJobHandler {
  /** Runs the job, or carries it on from its records, and says what came of it; throws why it failed. */
  readonly runWhole: (job: Job, hold: JobHold) => Promise<Json>
}

/** A job while this process holds it. */
export interface JobHold {
  /** Fires at a shutdown, and when the job is lost or cancelled: its writes are refused from then on. */
  readonly signal: AbortSignal
  /** All items, with what earlier runs recorded. */
  items(): Promise<readonly JobItem[]>
  /** Writes what came of an item; throws if the job is no longer held. */
  record(result: JobItemResult): Promise<void>
}

export interface JobRunnerOptions {
  readonly jobs: JobStore
  readonly handlers: Readonly<Record<string, JobHandler | WholeJobHandler>>
  /** Jobs that this process runs side by side. */
  readonly maxRunning?: () => number
  /** Names this process among all. */
  readonly holder: string
  readonly clock: Clock
  readonly log: Log
}

/** Runs durable jobs item by item: claimed under a lease, carried on by another process when this one dies. */
export class JobRunner {
  readonly #options: JobRunnerOptions
  readonly #running = new Set<Promise<void>>()

  constructor(options: JobRunnerOptions) {
    this.#options = options
  }

  /** Takes on what waits, as far as there is room; call it often. The jobs run on by themselves. */
  async takeOn(signal: AbortSignal): Promise<void> {
    const { jobs, handlers, holder, clock, maxRunning } = this.#options
    while (this.#running.size < (maxRunning?.() ?? DEFAULT_MAX_RUNNING) && !signal.aborted) {
      const now = clock()
      const job = await jobs.claim(Object.keys(handlers), { holder, until: now + LEASE_MS }, now)
      if (!job) return
      const run = this.#run(job, signal)
      this.#running.add(run)
      void run.finally(() => this.#running.delete(run))
    }
  }

  /** Waits for the jobs that run here; the signal of `takeOn` ends them between two items. */
  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #run(job: Job, signal: AbortSignal): Promise<void> {
    const { jobs, holder, clock, log } = this.#options
    const ending = new AbortController()
    const beat = setInterval(() => void this.#beat(job, ending), BEAT_MS)
    const run = { job, ending, signal: AbortSignal.any([signal, ending.signal]) }
    try {
      const output = await this.#runHandler(run)
      // at a shutdown the lease is left to run out: another process carries the job on
      if (signal.aborted || ending.signal.reason === LOST) return
      const status = ending.signal.reason === CANCELLED ? 'cancelled' : 'completed'
      await jobs.end(job.id, holder, { status, output }, clock())
    } catch (error) {
      if (signal.aborted || ending.signal.reason === LOST) return
      const { code, message } = toGatewayError(error)
      const level = code === 'internal' ? 'error' : 'warn'
      log[level]('a job failed', { job: job.id, kind: job.kind, error: describeError(error) })
      const status = ending.signal.reason === CANCELLED ? 'cancelled' : 'failed'
      await jobs.end(job.id, holder, { status, output: { code, error: message } }, clock())
    } finally {
      clearInterval(beat)
    }
  }

  /** A beat that fails is made up for by the next; if none comes through, the next result is refused. */
  async #beat(job: Job, ending: AbortController): Promise<void> {
    const { jobs, holder, clock, log } = this.#options
    try {
      const current = await jobs.beat(job.id, { holder, until: clock() + LEASE_MS }, clock())
      if (!current) ending.abort(LOST)
      else if (current.cancelRequested) ending.abort(CANCELLED)
    } catch (error) {
      log.warn('a job could not be held', { job: job.id, error: describeError(error) })
    }
  }

  async #runHandler(run: Run): Promise<Json> {
    const handler = this.#options.handlers[run.job.kind]
    if (!handler) throw new Error(`no handler for jobs of the kind ${run.job.kind}`)
    if ('runWhole' in handler) return handler.runWhole(run.job, this.#hold(run))
    await this.#runItems(run, handler)
    return null
  }

  #hold({ job, ending, signal }: Run): JobHold {
    const { jobs, holder, clock } = this.#options
    return {
      signal,
      items: () => jobs.items(job.id, { fromIndex: 0, limit: PAGE_SIZE }),
      record: async (result) => {
        if (await jobs.record(job.id, holder, [result], clock())) return
        ending.abort(LOST)
        throw new Error('another process has the job')
      },
    }
  }

  async #runItems(run: Run, handler: JobHandler): Promise<void> {
    const { jobs } = this.#options
    let fromIndex = 0
    while (!run.signal.aborted) {
      const page = await jobs.items(run.job.id, { fromIndex, limit: PAGE_SIZE, status: 'pending' })
      const last = page.at(-1)
      if (!last) return
      fromIndex = last.index + 1
      await mapLimit(page, handler.concurrency(run.job), (item) => this.#runItem(run, handler, item))
    }
  }

  async #runItem({ job, ending, signal }: Run, handler: JobHandler, item: JobItem): Promise<void> {
    if (signal.aborted) return
    const { jobs, holder, clock } = this.#options
    const result = await outcomeOf(item, () => handler.run(item.subject, job, signal))
    // what the end of the job has broken off has not failed: it stays to be done
    if (signal.aborted && !result.succeeded) return
    const isOurs = await jobs.record(job.id, holder, [result], clock())
    if (!isOurs) ending.abort(LOST)
  }
}

/** Why a run ended before its job did: another process has it, or somebody wanted its end. */
const LOST = 'lost'
const CANCELLED = 'cancelled'

interface Run {
  readonly job: Job
  readonly ending: AbortController
  /** Fires at a shutdown, and when the run is over for one of the reasons above. */
  readonly signal: AbortSignal
}

async function outcomeOf({ index }: JobItem, run: () => Promise<Json>): Promise<JobItemResult> {
  try {
    return { index, succeeded: true, detail: await run() }
  } catch (error) {
    const { code, message } = toGatewayError(error)
    return { index, succeeded: false, detail: { code, message } }
  }
}
