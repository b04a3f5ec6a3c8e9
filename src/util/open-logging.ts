import { mkdirSync } from 'node:fs'
import { getTimeRotatingFileSink } from '@logtape/file'
import {
  compareLogLevel,
  configure,
  dispose,
  getConsoleSink,
  getJsonLinesFormatter,
  withFilter,
  type LogLevel,
  type LogRecord,
  type Sink,
} from '@logtape/logtape'
import { redactByField } from '@logtape/redaction'

/** Levels by the names that operators use. */
export type LevelName = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

export interface LoggingOptions {
  readonly consoleLevel: LevelName
  /** Where daily files go; absent: none are written. */
  readonly file?: { readonly directory: string; readonly level: LevelName; readonly maxFiles: number }
}

const levels: Readonly<Record<LevelName, LogLevel>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warning',
  ERROR: 'error',
}

/** Fields whose value is never written, whoever logs them. */
const SECRET_FIELDS = [
  /token/i,
  /secret/i,
  /password/i,
  /cookie/i,
  /credential$/i,
  /api_?key/i,
  /authorization/i,
]

const DAY_MS = 86_400_000

/** Each write is followed by an fsync: rarely, and off this thread, or requests would wait for the disk. */
const UNHURRIED = { nonBlocking: true, bufferSize: 64 * 1024, flushInterval: 1_000 } as const

/** Everything goes to standard error, so that standard output stays free for what a command prints. */
const toStandardError = {
  trace: 'error',
  debug: 'error',
  info: 'error',
  warning: 'error',
  error: 'error',
  fatal: 'error',
} as const

/** Starts logging for the process: JSON lines to standard error and to daily files. Returns how to stop it. */
export async function openLogging({ consoleLevel, file }: LoggingOptions): Promise<() => Promise<void>> {
  const formatter = onceEach(getJsonLinesFormatter({ properties: 'flatten' }))
  const writeToConsole = getConsoleSink({ formatter, levelMap: toStandardError, nonBlocking: true })
  const toConsole = withFilter(writeToConsole, levels[consoleLevel])
  const sinks = [toConsole]
  if (file) {
    const { directory, level, maxFiles } = file
    mkdirSync(directory, { recursive: true })
    const maxAgeMs = maxFiles * DAY_MS
    const toFile = getTimeRotatingFileSink({ directory, formatter, maxAgeMs, filename, ...UNHURRIED })
    sinks.push(withFilter(toFile, levels[level]))
  }
  await configure({
    reset: true,
    sinks: { all: redact(toEach(sinks)), console: redact(toConsole) },
    loggers: [
      {
        category: 'grok2api',
        lowestLevel: lowest([consoleLevel, file?.level ?? consoleLevel]),
        sinks: ['all'],
      },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['console'] },
    ],
  })
  return dispose
}

/** What none of the places wants is not even redacted. */
function lowest(names: readonly LevelName[]): LogLevel {
  return names
    .map((name) => levels[name])
    .reduce((one, other) => (compareLogLevel(one, other) < 0 ? one : other))
}

/** One sink for several: a record is redacted once, whoever writes it. */
function toEach(sinks: readonly (Sink & Partial<Disposable & AsyncDisposable>)[]): Sink & AsyncDisposable {
  const all = (record: LogRecord): void => {
    for (const sink of sinks) sink(record)
  }
  return Object.assign(all, {
    [Symbol.asyncDispose]: async () => {
      for (const sink of sinks) {
        sink[Symbol.dispose]?.()
        await sink[Symbol.asyncDispose]?.()
      }
    },
  })
}

/** A formatter that makes the line of a record once, however many sinks write it. */
function onceEach(format: (record: LogRecord) => string): (record: LogRecord) => string {
  const lines = new WeakMap<LogRecord, string>()
  return (record) => {
    const known = lines.get(record)
    if (known !== undefined) return known
    const line = format(record)
    lines.set(record, line)
    return line
  }
}

function redact(sink: Sink): Sink {
  return redactByField(sink, SECRET_FIELDS)
}

/** `app_2026-11-23.log`, by the machine's time zone. */
function filename(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `app_${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}.log`
}
