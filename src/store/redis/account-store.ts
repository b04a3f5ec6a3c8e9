import { z } from 'zod'
import type { Account, NewAccount } from '../../core/account.ts'
import { mergeAccount, type AccountChange } from '../../core/merge-account.ts'
import { encodeAccount, parseAccount } from '../account-json.ts'
import { CredentialTakenError, type AccountStore, type AddedAccount } from '../contract.ts'
import { newRow } from '../new-row.ts'
import * as scripts from './account-scripts.ts'
import type { RedisConnection } from './connection.ts'
import { parseGroups, parseList, parseNumber } from './replies.ts'
import { removeInParts } from './remove-in-parts.ts'

/** Tries of a save whose rows others change all the time; each try that fails is one of the others' that succeeded. */
const MAX_TRIES = 200

/** Rows that one script reads; the server does nothing else meanwhile. */
const ROWS_PER_READ = 1000

/** The script decides these two when it writes a row. */
const UNDECIDED = { id: 0, revision: 0 }

const outcome = z.enum(['added', 'existing', 'revived'])

/** The account store on Redis: one hash for each row, and an index in the order of reading. */
export function createRedisAccountStore(redis: RedisConnection): AccountStore {
  return {
    add: (accounts, now) => add(redis, accounts, now),
    save: (changes, now) => save(redis, changes, now),
    find: async (ids) =>
      [...(await find(redis, [...new Set(ids)])).values()].sort((one, other) => one.id - other.id),
    purge: (deletedBefore) => removeInParts(redis, scripts.purgeAccounts, deletedBefore),
    changesSince: async (cursor, limit) => {
      const reply = await redis.run(scripts.readAccountChanges, [cursor.revision, cursor.id, limit])
      const accounts = parseRows(reply)
      const last = accounts.at(-1)
      return { accounts, cursor: last ? { revision: last.revision, id: last.id } : cursor }
    },
    count: async () => parseNumber(await redis.run(scripts.countAccounts, [])),
    ping: () => redis.ping(),
    close: () => redis.close(),
  }
}

async function add(
  redis: RedisConnection,
  accounts: readonly NewAccount[],
  now: number,
): Promise<readonly AddedAccount[]> {
  if (accounts.length === 0) return []
  const args = accounts.flatMap((account) => [
    account.credentialHash,
    encodeAccount(newRow(account, { ...UNDECIDED, now })),
  ])
  const reply = await redis.run(scripts.addAccounts, [redis.channel, redis.instance, ...args])
  return parseGroups(reply, 2).map(([id, result]) => ({ id: Number(id), outcome: outcome.parse(result) }))
}

async function find(redis: RedisConnection, ids: readonly number[]): Promise<Map<number, Account>> {
  const found = new Map<number, Account>()
  for (let start = 0; start < ids.length; start += ROWS_PER_READ) {
    const reply = await redis.run(scripts.findAccounts, ids.slice(start, start + ROWS_PER_READ))
    for (const row of parseRows(reply)) found.set(row.id, row)
  }
  return found
}

/** The JSON of a row is older than its id and its revision. */
function parseRows(reply: unknown): readonly Account[] {
  return parseGroups(reply, 3).map(([id, revision, data = '']) =>
    // a row of our own that nobody else has yet
    Object.assign(parseAccount(data), { id: Number(id), revision: Number(revision) }),
  )
}

/** Reads, merges, and writes if nobody else has written meanwhile; else only what others wrote is read again. */
async function save(
  redis: RedisConnection,
  changes: readonly AccountChange[],
  now: number,
): Promise<readonly Account[]> {
  const stored = new Map<number, Account>()
  let unread = [...new Set(changes.map(({ next }) => next.id))]
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const read = await find(redis, unread)
    for (const id of unread) {
      const row = read.get(id)
      if (row && row.state.status !== 'deleted') stored.set(id, row)
      else stored.delete(id)
    }
    const rows = mergeAll(stored, changes, now)
    if (rows.length === 0) return []
    const [verdict, ...rest] = parseList(await replace(redis, rows, now))
    if (verdict === 'saved') return rows.map((row) => stamp(row, Number(rest[0])))
    if (verdict === 'taken') {
      throw new CredentialTakenError('the new credential belongs to another account')
    }
    unread = rest.map(Number)
  }
  throw new Error(`accounts could not be saved: others changed them ${MAX_TRIES} times meanwhile`)
}

/** The rows after the changes, still at the revisions at which they were read. */
function mergeAll(
  stored: ReadonlyMap<number, Account>,
  changes: readonly AccountChange[],
  now: number,
): readonly Account[] {
  const merged = new Map<number, Account>()
  for (const change of changes) {
    const row = merged.get(change.next.id) ?? stored.get(change.next.id)
    if (row) merged.set(row.id, { ...mergeAccount(row, change), updatedAt: now, revision: row.revision })
  }
  return [...merged.values()]
}

function stamp(row: Account, revision: number): Account {
  return { ...row, revision }
}

function replace(redis: RedisConnection, rows: readonly Account[], now: number): Promise<unknown> {
  const args = rows.flatMap((row) => [
    row.id,
    row.revision,
    row.credentialHash,
    row.state.status,
    encodeAccount(row),
  ])
  return redis.run(scripts.saveAccounts, [redis.channel, redis.instance, now, ...args])
}
