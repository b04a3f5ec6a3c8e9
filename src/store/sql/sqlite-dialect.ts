import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { SqliteDialect, SqliteDriver, type DatabaseConnection } from 'kysely'

/** How long a transaction waits for those of other processes. */
const BUSY_LIMIT_MS = 10_000

/** The longest pause between two tries to begin. */
const MAX_BUSY_PAUSE_MS = 20

/** Kysely's dialect on Bun's SQLite, whose transactions write from their start. */
export class BunSqliteDialect extends SqliteDialect {
  readonly #file: Database

  constructor(file: Database) {
    super({ database: adapt(file) })
    this.#file = file
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#file)
  }
}

/**
 * Begins with `BEGIN IMMEDIATE`: a transaction that begins by reading and then writes would fail when another process
 * wrote between the two. While others write it tries again with pauses: SQLite's own waiting would stop the event loop.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #file: Database

  constructor(file: Database) {
    super({ database: adapt(file) })
    this.#file = file
  }

  override async beginTransaction(_connection: DatabaseConnection): Promise<void> {
    const deadline = performance.now() + BUSY_LIMIT_MS
    for (let pauseMs = 1; ; pauseMs = Math.min(MAX_BUSY_PAUSE_MS, pauseMs * 2)) {
      if (beginNow(this.#file)) return
      if (performance.now() > deadline) throw new Error(`the SQLite file was locked for ${BUSY_LIMIT_MS} ms`)
      await Bun.sleep(pauseMs * (0.5 + Math.random()))
    }
  }
}

/** Begins without waiting; false while another process writes. */
function beginNow(file: Database): boolean {
  try {
    file.run('PRAGMA busy_timeout = 0')
    file.run('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY'))
      return false
    throw error
  } finally {
    file.run(`PRAGMA busy_timeout = ${STATEMENT_BUSY_MS}`)
  }
}

/** How long a single statement waits, e.g. while another process closes the file; it stops the event loop. */
export const STATEMENT_BUSY_MS = 5000

/** Bun's SQLite in the shape that Kysely's dialect expects (better-sqlite3's). */
function adapt(file: Database) {
  return {
    close: () => file.close(),
    prepare: (text: string) => {
      const statement = file.query(text)
      return {
        reader: statement.columnNames.length > 0,
        all(parameters: SQLQueryBindings[]) {
          return statement.all(...parameters)
        },
        run(parameters: SQLQueryBindings[]) {
          return statement.run(...parameters)
        },
        iterate(parameters: SQLQueryBindings[]) {
          return statement.iterate(...parameters)
        },
      }
    },
  }
}
