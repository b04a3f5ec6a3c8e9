import { getLogger } from '@logtape/logtape'

type Fields = Readonly<Record<string, unknown>>

/** What the parts of the gateway log with: a plain sentence and structured fields. */
export interface Log {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

/** A logger for one part, named by its folder, e.g. `accounts`. Nothing is written until `openLogging` has run. */
export function createLog(part: string): Log {
  const logger = getLogger(['grok2api', part])
  return {
    debug: (message, fields) => logger.debug(message, { ...fields }),
    info: (message, fields) => logger.info(message, { ...fields }),
    warn: (message, fields) => logger.warn(message, { ...fields }),
    error: (message, fields) => logger.error(message, { ...fields }),
  }
}

/** A thrown value as log fields: the message, the type and the chain of causes, without the stack's paths. */
export function describeError(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : JSON.stringify(thrown)
  const own = `${thrown.name}: ${thrown.message}`
  const hasCause = thrown.cause !== undefined && depth < MAX_CAUSE_DEPTH
  return hasCause ? `${own} <- ${describeError(thrown.cause, depth + 1)}` : own
}

const MAX_CAUSE_DEPTH = 4
