import { Database, SQLiteError } from 'bun:sqlite'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MediaType } from '../core/media.ts'
import { describeError, type Log } from '../util/log.ts'

/** A file as the index knows it. */
export interface IndexedFile {
  readonly name: string
  readonly sizeBytes: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** A file as it is put into the index. */
export interface FileToIndex extends IndexedFile {
  /** SHA-256 of its bytes; absent for files that were found on disk. */
  readonly digest?: string
}

export interface MediaSum {
  readonly count: number
  readonly sizeBytes: number
}

/** Waits for another process that writes; the calls are synchronous, so not for long. */
const BUSY_MILLISECONDS = 2_000

/** Times that a locked index is tried at a start. */
const OPEN_TRIES = 5

/** A look at all pages has found some that do not fit. */
class DamagedIndex extends Error {
  override readonly name = 'DamagedIndex'
}

/**
 * What is kept, how large, and since when: so that sizes need not be summed up from the disk at every write. It is shared
 * by the processes of an installation. The files themselves are the truth, and it can be built from them at any time:
 * a damaged index is laid aside, and where none can be written, one is held in memory.
 */
export class KeptIndex {
  readonly #path: string
  readonly #log: Log
  #database: Database

  constructor(dataDir: string, log: Log) {
    this.#path = join(dataDir, 'cache', 'local_media_cache.db')
    this.#log = log
    this.#database = this.#open()
  }

  add(type: MediaType, files: readonly FileToIndex[]): void {
    this.#run(undefined, (database) => {
      const insert = database.query(
        'INSERT OR REPLACE INTO kept_files (type, name, size_bytes, created_at, digest) VALUES (?, ?, ?, ?, ?)',
      )
      database.transaction(() => {
        for (const { name, sizeBytes, createdAt, digest = null } of files)
          insert.run(type, name, sizeBytes, createdAt, digest)
      })()
    })
  }

  remove(type: MediaType, names: readonly string[]): void {
    this.#run(undefined, (database) => {
      const remove = database.query('DELETE FROM kept_files WHERE type = ? AND name = ?')
      database.transaction(() => {
        for (const name of names) remove.run(type, name)
      })()
    })
  }

  sum(type: MediaType): MediaSum {
    const nothing = { count: 0, sizeBytes: 0 }
    return this.#run(nothing, (database) => {
      const sql =
        'SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS sizeBytes FROM kept_files WHERE type = ?'
      return database.query<MediaSum, [string]>(sql).get(type) ?? nothing
    })
  }

  names(type: MediaType): readonly string[] {
    return this.#run([], (database) =>
      database
        .query<{ name: string }, [string]>('SELECT name FROM kept_files WHERE type = ?')
        .all(type)
        .map(({ name }) => name),
    )
  }

  /** A stretch of the files, newest first. */
  newest(type: MediaType, offset: number, limit: number): readonly IndexedFile[] {
    return this.#run([], (database) =>
      database.query<IndexedFile, Slice>(newestFirst).all(type, limit, offset),
    )
  }

  /** A stretch of the files, oldest first. */
  oldest(type: MediaType, limit: number): readonly IndexedFile[] {
    return this.#run([], (database) => database.query<IndexedFile, Slice>(oldestFirst).all(type, limit, 0))
  }

  /** The name of a file with these bytes, apart from the given names; undefined if none is known. */
  findTwin(type: MediaType, digest: string, apart: readonly string[]): string | undefined {
    return this.#run(undefined, (database) => {
      const sql = 'SELECT name FROM kept_files WHERE type = ? AND digest = ? LIMIT ?'
      const rows = database.query<{ name: string }, [string, string, number]>(sql)
      const names = rows.all(type, digest, apart.length + 1).map(({ name }) => name)
      return names.find((name) => !apart.includes(name))
    })
  }

  close(): void {
    this.#database.close()
  }

  /**
   * Another process may have laid a damaged index aside already: then its new one is as good as ours. What fails even then
   * is left out: nobody is refused a file because of the index, and the next look at the disk brings it in line.
   */
  #run<Result>(nothing: Result, work: (database: Database) => Result): Result {
    try {
      return work(this.#database)
    } catch (thrown) {
      this.#log.warn('the index of kept media failed and is opened anew', { error: describeError(thrown) })
    }
    try {
      this.#database.close()
      this.#database = this.#open()
      return work(this.#database)
    } catch (thrown) {
      this.#log.warn('the index of kept media failed again', { error: describeError(thrown) })
      return nothing
    }
  }

  #open(): Database {
    try {
      return openFile(this.#path)
    } catch (thrown) {
      return isDamage(thrown) ? this.#replace(thrown) : this.#openInMemory(thrown)
    }
  }

  #replace(damage: unknown): Database {
    const aside = `${this.#path}.damaged-${crypto.randomUUID()}`
    this.#log.warn('the index of kept media is damaged: it is laid aside and built anew', {
      aside,
      error: describeError(damage),
    })
    try {
      renameSync(this.#path, aside)
      for (const suffix of ['-wal', '-shm']) rmSync(this.#path + suffix, { force: true })
      return openFile(this.#path)
    } catch (thrown) {
      return this.#openInMemory(thrown)
    }
  }

  #openInMemory(thrown: unknown): Database {
    const error = describeError(thrown)
    this.#log.warn('the index of kept media cannot be opened: it is held in memory', { error })
    return prepare(new Database(':memory:'))
  }
}

/** Whether the file itself is damaged, and not only locked or out of reach. */
function isDamage(thrown: unknown): boolean {
  if (thrown instanceof DamagedIndex) return true
  return thrown instanceof SQLiteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(thrown.code ?? '')
}

type Slice = [type: string, limit: number, offset: number]

const columns = 'SELECT name, size_bytes AS sizeBytes, created_at AS createdAt FROM kept_files WHERE type = ?'
const newestFirst = `${columns} ORDER BY created_at DESC, name LIMIT ? OFFSET ?`
const oldestFirst = `${columns} ORDER BY created_at, name DESC LIMIT ? OFFSET ?`

/** Where all processes start at once, one of them changes the file to its form, and the others may be turned away. */
function openFile(path: string): Database {
  mkdirSync(dirname(path), { recursive: true })
  for (let tries = 1; ; tries++) {
    try {
      return prepare(new Database(path, { create: true, readwrite: true }))
    } catch (thrown) {
      const isLocked = thrown instanceof SQLiteError && thrown.code?.startsWith('SQLITE_BUSY')
      if (!isLocked || tries === OPEN_TRIES) throw thrown
    }
  }
}

/** The table has a name of its own: an index of the original, which has another, may lie in the same file. */
function prepare(database: Database): Database {
  try {
    database.run(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`)
    database.run('PRAGMA journal_mode = WAL')
    database.run('PRAGMA synchronous = NORMAL')
    database.run(`CREATE TABLE IF NOT EXISTS kept_files (
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      size_bytes INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      digest TEXT,
      PRIMARY KEY (type, name)
    ) WITHOUT ROWID`)
    database.run('CREATE INDEX IF NOT EXISTS kept_files_by_age ON kept_files (type, created_at)')
    database.run('CREATE INDEX IF NOT EXISTS kept_files_by_digest ON kept_files (type, digest)')
    // reads every page: damage shows here and not in the middle of a request
    const verdict = database.query<{ quick_check: string }, []>('PRAGMA quick_check(1)').get()
    if (verdict?.quick_check !== 'ok') throw new DamagedIndex(verdict?.quick_check)
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}
