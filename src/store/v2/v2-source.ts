import { existsSync } from 'node:fs'
import { parseV2Row, type V2Account } from './v2-record.ts'

/** A version 2 installation that is only read. */
export interface V2Source {
  /** Rows as the back end has them, in batches. */
  rows(): AsyncIterable<readonly unknown[]>
  close(): Promise<void>
}

/** What a source held. */
export interface V2Content {
  readonly accounts: readonly V2Account[]
  /** Rows that are no accounts. */
  readonly unreadable: number
}

/** The source cannot be opened; the message names it without its password. */
export class V2SourceError extends Error {
  override readonly name = 'V2SourceError'
}

/** Opens the account store of a version 2 installation: the path of its SQLite file, or its address. */
export async function openV2Source(place: string): Promise<V2Source> {
  const scheme = /^([a-z]+)(?:\+[a-z]+)?:\/\//i.exec(place)?.[1]?.toLowerCase()
  // drivers are loaded when they are needed: each is large
  if (scheme === undefined) return openFile(place)
  if (scheme === 'redis' || scheme === 'rediss') return (await import('./v2-redis.ts')).openV2Redis(place)
  const address = place.replace(/^([a-z]+)\+[a-z]+:/i, '$1:')
  if (scheme === 'mysql' || scheme === 'mariadb') return (await import('./v2-mysql.ts')).openV2Mysql(address)
  if (['postgres', 'postgresql', 'pgsql'].includes(scheme)) {
    return (await import('./v2-postgres.ts')).openV2Postgres(address)
  }
  throw new V2SourceError(
    `${scheme}:// is not a back end of version 2; there are a file, redis, mysql and postgresql`,
  )
}

/** Reads everything; deleted accounts are left out. */
export async function readV2Accounts(source: V2Source): Promise<V2Content> {
  const accounts: V2Account[] = []
  let unreadable = 0
  for await (const batch of source.rows()) {
    for (const row of batch) {
      const account = parseV2Row(row)
      if (!account) unreadable++
      else if (!account.isDeleted) accounts.push(account)
    }
  }
  return { accounts, unreadable }
}

async function openFile(path: string): Promise<V2Source> {
  if (!existsSync(path)) throw new V2SourceError(`there is no file ${path}`)
  return (await import('./v2-sqlite.ts')).openV2Sqlite(path)
}
