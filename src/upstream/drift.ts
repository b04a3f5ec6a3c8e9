import type { Log } from '../util/log.ts'
import { redactSample } from './redact-sample.ts'

/** Something that the upstream sent and that nothing here knows: what it is, and how it looked. */
export type NoteDrift = (kind: string, sample: unknown) => void

/** How often one kind was met since the start of the process. */
export interface DriftCount {
  readonly kind: string
  readonly count: number
  /** Epoch milliseconds. */
  readonly firstAt: number
  readonly lastAt: number
}

export interface DriftOptions {
  readonly clock: () => number
  readonly log: Log
}

/** Kinds that are told apart; what comes after them is counted as one. */
const MAX_KINDS = 64
const OTHER_KINDS = 'other kinds'
const MAX_KIND_LENGTH = 60

/** Pause between two warnings about one kind. */
const WARNING_PAUSE_MS = 3_600_000

interface Entry {
  count: number
  readonly firstAt: number
  lastAt: number
  warnedAt: number
}

/**
 * Makes a changed protocol visible: counts what is not known by its kind, and warns once per kind and hour with a sample
 * that holds no values. Decoders call `note` only off their usual path, so that known frames cost nothing.
 */
export class DriftBook {
  readonly #options: DriftOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: DriftOptions) {
    this.#options = options
  }

  /** Bound, so that it can be handed on by itself. */
  readonly note: NoteDrift = (given, sample) => {
    const now = this.#options.clock()
    const kind = this.#nameKind(given)
    const entry = this.#entries.get(kind) ?? { count: 0, firstAt: now, lastAt: now, warnedAt: -Infinity }
    this.#entries.set(kind, entry)
    entry.count++
    entry.lastAt = now
    if (now - entry.warnedAt < WARNING_PAUSE_MS) return
    entry.warnedAt = now
    const fields = { reason: 'protocol-drift', kind, count: entry.count, sample: redactSample(sample) }
    this.#options.log.warn('the upstream sent something unknown', fields)
  }

  /** What was met so far, the most frequent first. */
  counts(): readonly DriftCount[] {
    return Array.from(this.#entries, ([kind, { count, firstAt, lastAt }]) => ({
      kind,
      count,
      firstAt,
      lastAt,
    })).toSorted((a, b) => b.count - a.count)
  }

  #nameKind(given: string): string {
    const kind = given.replaceAll(/[^\w .:-]|\d{4,}/g, '#').slice(0, MAX_KIND_LENGTH)
    return this.#entries.has(kind) || this.#entries.size < MAX_KINDS ? kind : OTHER_KINDS
  }
}

/** For decoders that nobody listens to. */
export const ignoreDrift: NoteDrift = () => undefined
