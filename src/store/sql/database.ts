import { sql, type InsertQueryBuilder, type InsertResult, type Kysely, type Transaction } from 'kysely'
import type { CounterName } from './migrations.ts'
import type { Tables } from './tables.ts'

/** The dialects that are spoken. */
export type Engine = 'sqlite' | 'postgresql' | 'mysql'

/** What is done in one transaction; it may be done again if the engine had to give up the first try. */
export type Work<Result> = (trx: Transaction<Tables>) => Promise<Result>

/** Tries of what the engine gave up to end a deadlock. */
const MAX_TRIES = 8

/** What PostgreSQL, MySQL and MariaDB call a deadlock, a lost lock or a failed serialisation. */
const RETRIED_CODES: ReadonlySet<unknown> = new Set([
  '40P01',
  '40001',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
])

/** Own revisions that are remembered between two looks of a watcher; of more, it is told as if others had made them. */
const MAX_OWN_REVISIONS = 10_000

/** Where PostgreSQL tells of changes. */
export const CHANGES_CHANNEL = 'grok2api_changes'

/** A database of one of the engines, with what its dialects differ in. */
export class SqlDatabase {
  readonly db: Kysely<Tables>
  readonly engine: Engine
  /** Tells this opening of the database from all others. */
  readonly instance = crypto.randomUUID()
  /** Revisions taken and committed here; a watcher passes over them. */
  readonly ownRevisions = new Set<number>()

  constructor(db: Kysely<Tables>, engine: Engine) {
    this.db = db
    this.engine = engine
  }

  /** Runs a transaction that writes. */
  write<Result>(work: Work<Result>): Promise<Result> {
    return this.retry(() => this.db.transaction().execute(work))
  }

  /** Runs a statement or a transaction again if the engine gave it up to end a deadlock. */
  async retry<Result>(run: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await run()
      } catch (error) {
        if (tries >= MAX_TRIES || !RETRIED_CODES.has(readCode(error))) throw error
      }
    }
  }

  /**
   * Runs a transaction under the next revision and tells the others. Taking the revision locks its row, so that
   * revisions are committed in their order.
   */
  async writeRevision<Result>(
    work: (trx: Transaction<Tables>, revision: number) => Promise<Result>,
  ): Promise<Result> {
    const { revision, result } = await this.write(async (trx) => {
      const revision = await takeNumbers(trx, 'revision', 1)
      const result = await work(trx, revision)
      if (this.engine === 'postgresql')
        await sql`select pg_notify(${CHANGES_CHANNEL}, ${this.instance})`.execute(trx)
      return { revision, result }
    })
    // PostgreSQL's messages name their sender instead
    if (this.engine !== 'postgresql' && this.ownRevisions.size < MAX_OWN_REVISIONS)
      this.ownRevisions.add(revision)
    return result
  }

  /** Locks the rows that a query reads until the end of the transaction; on SQLite every transaction that writes is alone. */
  lock<Query extends { forUpdate(): Query }>(query: Query): Query {
    return this.engine === 'sqlite' ? query : query.forUpdate()
  }

  async ping(): Promise<void> {
    await this.db
      .selectFrom('counters')
      .select('value')
      .where('name', '=', 'revision')
      .executeTakeFirstOrThrow()
  }
}

/** Takes so many numbers of a counter; returns the last. Others who want one wait for the end of the transaction. */
export async function takeNumbers(
  trx: Transaction<Tables>,
  name: CounterName,
  count: number,
): Promise<number> {
  await trx
    .updateTable('counters')
    .set((eb) => ({ value: eb('value', '+', count) }))
    .where('name', '=', name)
    .execute()
  const row = await trx
    .selectFrom('counters')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return row.value
}

/** An insert that does nothing if the row is there already. */
export function insertMissing<Table extends keyof Tables>(
  { engine }: SqlDatabase,
  insert: InsertQueryBuilder<Tables, Table, InsertResult>,
): InsertQueryBuilder<Tables, Table, InsertResult> {
  return engine === 'mysql' ? insert.ignore() : insert.onConflict((conflict) => conflict.doNothing())
}

/** Parts of a list, for statements whose number of bound values is limited. */
export function* chunk<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

function readCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
