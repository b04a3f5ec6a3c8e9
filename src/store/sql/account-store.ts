import type { Kysely, Transaction } from 'kysely'
import type { NewAccount } from '../../core/account.ts'
import type { AccountStore, AddedAccount, SyncCursor } from '../contract.ts'
import { newRow } from '../memory.ts'
import { encodeAccountRow, parseAccountRow } from './account-rows.ts'
import type { Tables } from './tables.ts'

/** Hashes per look-up statement; engines limit the number of bound values. */
const HASHES_PER_QUERY = 500

/** The account store over any of the SQL engines; the schema must be there (`migrations`). */
export function createSqlAccountStore(db: Kysely<Tables>): AccountStore {
  return {
    add: (accounts, now) => db.transaction().execute((trx) => addAll(trx, accounts, now)),
    save: (accounts, now) =>
      db.transaction().execute(async (trx) => {
        const revision = await nextRevision(trx)
        for (const account of accounts) {
          const row = encodeAccountRow({ ...account, updatedAt: now, revision })
          await trx
            .updateTable('accounts')
            .set(row)
            .where('id', '=', account.id)
            .where('status', '!=', 'deleted')
            .execute()
        }
        return revision
      }),
    changesSince: (cursor, limit) => readChanges(db, cursor, limit),
    count: async () => {
      const { n } = await db
        .selectFrom('accounts')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('status', '!=', 'deleted')
        .executeTakeFirstOrThrow()
      return n
    },
    ping: async () => {
      await db.selectFrom('counters').select('value').where('name', '=', 'revision').executeTakeFirstOrThrow()
    },
    close: () => db.destroy(),
  }
}

async function addAll(
  trx: Transaction<Tables>,
  accounts: readonly NewAccount[],
  now: number,
): Promise<readonly AddedAccount[]> {
  const revision = await nextRevision(trx)
  const known = await findByHash(trx, [...new Set(accounts.map((account) => account.credentialHash))])
  const results: AddedAccount[] = []
  for (const account of accounts) {
    const found = known.get(account.credentialHash)
    if (found && found.status !== 'deleted') {
      results.push({ id: found.id, outcome: 'existing' })
      continue
    }
    const row = encodeAccountRow(newRow(account, { id: found?.id ?? 0, now, revision }))
    const id = found ? await revive(trx, found.id, row) : await insert(trx, row)
    known.set(account.credentialHash, { id, status: 'active' })
    results.push({ id, outcome: found ? 'revived' : 'added' })
  }
  return results
}

type AccountValues = ReturnType<typeof encodeAccountRow>

async function insert(trx: Transaction<Tables>, row: AccountValues): Promise<number> {
  const result = await trx.insertInto('accounts').values(row).executeTakeFirstOrThrow()
  return Number(result.insertId)
}

async function revive(trx: Transaction<Tables>, id: number, row: AccountValues): Promise<number> {
  await trx.updateTable('accounts').set(row).where('id', '=', id).execute()
  return id
}

async function findByHash(
  trx: Transaction<Tables>,
  hashes: readonly string[],
): Promise<Map<string, { id: number; status: string }>> {
  const found = new Map<string, { id: number; status: string }>()
  for (let start = 0; start < hashes.length; start += HASHES_PER_QUERY) {
    const rows = await trx
      .selectFrom('accounts')
      .select(['id', 'credential_hash', 'status'])
      .where('credential_hash', 'in', hashes.slice(start, start + HASHES_PER_QUERY))
      .execute()
    for (const row of rows) found.set(row.credential_hash, { id: row.id, status: row.status })
  }
  return found
}

/** Takes the next revision; the row lock makes writers wait for one another, so revisions commit in order. */
async function nextRevision(trx: Transaction<Tables>): Promise<number> {
  await trx
    .updateTable('counters')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('name', '=', 'revision')
    .execute()
  const row = await trx
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'revision')
    .executeTakeFirstOrThrow()
  return row.value
}

async function readChanges(db: Kysely<Tables>, cursor: SyncCursor, limit: number) {
  const rows = await db
    .selectFrom('accounts')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('revision', '>', cursor.revision),
        eb.and([eb('revision', '=', cursor.revision), eb('id', '>', cursor.id)]),
      ]),
    )
    .orderBy('revision')
    .orderBy('id')
    .limit(limit)
    .execute()
  const accounts = rows.map(parseAccountRow)
  const last = accounts.at(-1)
  return { accounts, cursor: last ? { revision: last.revision, id: last.id } : cursor }
}
