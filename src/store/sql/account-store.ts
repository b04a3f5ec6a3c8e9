import { sql, type Transaction } from 'kysely'
import type { Account, NewAccount } from '../../core/account.ts'
import { mergeAccount, type AccountChange } from '../../core/merge-account.ts'
import { encodeAccount, parseAccount } from '../account-json.ts'
import {
  CredentialTakenError,
  type AccountStore,
  type AddedAccount,
  type ChangePage,
  type SyncCursor,
} from '../contract.ts'
import { newRow } from '../new-row.ts'
import { chunk, takeNumbers, type SqlDatabase } from './database.ts'
import type { Tables } from './tables.ts'

type AccountRow = Tables['accounts']

/** Bound values of a look-up statement; engines limit them. */
const VALUES_PER_LOOKUP = 500

/** Rows of a writing statement: well below the limits of bound values (32,766 on SQLite) and of a packet on MySQL. */
const ROWS_PER_WRITE = 250

/** The account store over any of the SQL engines; the schema must be there (`migrations`). */
export function createSqlAccountStore(database: SqlDatabase): AccountStore {
  const { db } = database
  return {
    add: async (accounts, now) =>
      accounts.length === 0
        ? []
        : database.writeRevision((trx, revision) =>
            new Addition(database, trx, { now, revision }).add(accounts),
          ),
    save: async (changes, now) =>
      changes.length === 0
        ? []
        : database.writeRevision((trx, revision) => saveAll(database, trx, changes, { now, revision })),
    find: async (ids) => {
      const rows: AccountRow[] = []
      for (const part of chunk(ids, VALUES_PER_LOOKUP))
        rows.push(
          ...(await db.selectFrom('accounts').selectAll().where('id', 'in', part).orderBy('id').execute()),
        )
      return rows.map(({ data }) => parseAccount(data))
    },
    purge: async (deletedBefore) => {
      const remove = db
        .deleteFrom('accounts')
        .where('status', '=', 'deleted')
        .where('updated_at', '<', deletedBefore)
      const { numDeletedRows } = await database.retry(() => remove.executeTakeFirstOrThrow())
      return Number(numDeletedRows)
    },
    changesSince: (cursor, limit) => readChanges(database, cursor, limit),
    count: async () => {
      const { n } = await db
        .selectFrom('accounts')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('status', '!=', 'deleted')
        .executeTakeFirstOrThrow()
      return n
    },
    ping: () => database.ping(),
    close: () => db.destroy(),
  }
}

/** When and under which revision rows are written. */
interface Stamp {
  readonly now: number
  readonly revision: number
}

/** One call of `add`, in its transaction. */
class Addition {
  readonly #database: SqlDatabase
  readonly #trx: Transaction<Tables>
  readonly #stamp: Stamp

  constructor(database: SqlDatabase, trx: Transaction<Tables>, stamp: Stamp) {
    this.#database = database
    this.#trx = trx
    this.#stamp = stamp
  }

  async add(accounts: readonly NewAccount[]): Promise<readonly AddedAccount[]> {
    const known = await this.#findByHash([...new Set(accounts.map((account) => account.credentialHash))])
    const unknown = new Set(accounts.map((account) => account.credentialHash)).difference(known)
    let nextId = (await takeNumbers(this.#trx, 'account', unknown.size)) - unknown.size + 1
    const written: Account[] = []
    const results = accounts.map((account): AddedAccount => {
      const found = known.get(account.credentialHash)
      if (found && found.status !== 'deleted') return { id: found.id, outcome: 'existing' }
      const row = newRow(account, { id: found?.id ?? nextId++, ...this.#stamp })
      written.push(row)
      known.set(account.credentialHash, { id: row.id, status: 'active' })
      return { id: row.id, outcome: found ? 'revived' : 'added' }
    })
    await writeRows(this.#database, this.#trx, written)
    return results
  }

  async #findByHash(hashes: readonly string[]): Promise<Map<string, { id: number; status: string }>> {
    const found = new Map<string, { id: number; status: string }>()
    for (const part of chunk(hashes, VALUES_PER_LOOKUP)) {
      const rows = await this.#trx
        .selectFrom('accounts')
        .select(['id', 'credential_hash', 'status'])
        .where('credential_hash', 'in', part)
        .execute()
      for (const row of rows) found.set(row.credential_hash, { id: row.id, status: row.status })
    }
    return found
  }
}

async function saveAll(
  database: SqlDatabase,
  trx: Transaction<Tables>,
  changes: readonly AccountChange[],
  stamp: Stamp,
): Promise<readonly Account[]> {
  const stored = await readCurrent(trx, new Map(changes.map(({ base }) => [base.id, base])))
  const saved = new Map<number, Account>()
  for (const change of changes) {
    const row = saved.get(change.next.id) ?? stored.get(change.next.id)
    if (!row) continue
    const merged = mergeAccount(row, change)
    saved.set(row.id, { ...merged, updatedAt: stamp.now, revision: stamp.revision })
  }
  const rows = [...saved.values()]
  await refuseTaken(
    trx,
    rows.filter((row) => row.credentialHash !== stored.get(row.id)?.credentialHash),
  )
  await writeRows(database, trx, rows)
  return rows
}

/** The live rows of these accounts; only those that are newer than what is known of them are read whole. */
async function readCurrent(
  trx: Transaction<Tables>,
  known: ReadonlyMap<number, Account>,
): Promise<Map<number, Account>> {
  const found = new Map<number, Account>()
  for (const part of chunk([...known.keys()], VALUES_PER_LOOKUP)) {
    const rows = await trx
      .selectFrom('accounts')
      .select(['id', 'revision'])
      .where('id', 'in', part)
      .where('status', '!=', 'deleted')
      .execute()
    for (const { id, revision } of rows) {
      const account = known.get(id)
      if (account?.revision === revision) found.set(id, account)
    }
    const newer = rows.map(({ id }) => id).filter((id) => !found.has(id))
    for (const [id, account] of await readLive(trx, newer)) found.set(id, account)
  }
  return found
}

async function readLive(trx: Transaction<Tables>, ids: readonly number[]): Promise<Map<number, Account>> {
  const found = new Map<number, Account>()
  for (const part of chunk(ids, VALUES_PER_LOOKUP)) {
    const rows = await trx
      .selectFrom('accounts')
      .select(['id', 'data'])
      .where('id', 'in', part)
      .where('status', '!=', 'deleted')
      .execute()
    for (const { id, data } of rows) found.set(id, parseAccount(data))
  }
  return found
}

/** Throws if one of the new credentials of these rows is that of another row, or two of them have the same. */
async function refuseTaken(trx: Transaction<Tables>, rows: readonly Account[]): Promise<void> {
  const hashes = new Set(rows.map(({ credentialHash }) => credentialHash))
  let isTaken = hashes.size < rows.length
  for (const part of chunk([...hashes], VALUES_PER_LOOKUP)) {
    const taken = await trx
      .selectFrom('accounts')
      .select('id')
      .where('credential_hash', 'in', part)
      .limit(1)
      .executeTakeFirst()
    isTaken ||= taken !== undefined
  }
  if (isTaken) throw new CredentialTakenError('the new credential belongs to another account')
}

/** Inserts rows or replaces those with the same id. Credentials must have been checked: MySQL would replace by them, too. */
async function writeRows(
  { engine }: SqlDatabase,
  trx: Transaction<Tables>,
  accounts: readonly Account[],
): Promise<void> {
  for (const part of chunk(accounts, ROWS_PER_WRITE)) {
    const insert = trx.insertInto('accounts').values(part.map(encodeRow))
    const upsert =
      engine === 'mysql'
        ? insert.onDuplicateKeyUpdate(replacedOnMysql)
        : insert.onConflict((conflict) =>
            conflict.column('id').doUpdateSet((eb) => ({
              credential_hash: eb.ref('excluded.credential_hash'),
              status: eb.ref('excluded.status'),
              revision: eb.ref('excluded.revision'),
              updated_at: eb.ref('excluded.updated_at'),
              data: eb.ref('excluded.data'),
            })),
          )
    await upsert.execute()
  }
}

const replacedOnMysql = {
  credential_hash: sql<string>`values(credential_hash)`,
  status: sql<string>`values(status)`,
  revision: sql<number>`values(revision)`,
  updated_at: sql<number>`values(updated_at)`,
  data: sql<string>`values(data)`,
}

function encodeRow(account: Account): AccountRow {
  return {
    id: account.id,
    credential_hash: account.credentialHash,
    status: account.state.status,
    revision: account.revision,
    updated_at: account.updatedAt,
    data: encodeAccount(account),
  }
}

async function readChanges({ db }: SqlDatabase, cursor: SyncCursor, limit: number): Promise<ChangePage> {
  const rows = await db
    .selectFrom('accounts')
    .select('data')
    // said in this way, every engine walks the index from the cursor on
    .where('revision', '>=', cursor.revision)
    .where((eb) => eb.or([eb('revision', '>', cursor.revision), eb('id', '>', cursor.id)]))
    .orderBy('revision')
    .orderBy('id')
    .limit(limit)
    .execute()
  const accounts = rows.map(({ data }) => parseAccount(data))
  const last = accounts.at(-1)
  return { accounts, cursor: last ? { revision: last.revision, id: last.id } : cursor }
}
