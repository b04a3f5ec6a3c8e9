import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOW } from '../../core/account-for-tests.ts'
import { newAccountForTests, readAll } from '../stored-accounts-for-tests.ts'
import { describeStores } from '../stores-contract.ts'
import { openSqliteStores } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'grok2api-sqlite-'))
let files = 0
const newPath = (): string => join(folder, `${++files}`, 'accounts.db')
afterAll(() => rmSync(folder, { recursive: true }))

describeStores('SQLite in a file', () => openSqliteStores(newPath()))
describeStores('SQLite in memory', () => openSqliteStores(':memory:'))

describe('the SQLite file', () => {
  test('and all that lies beside it can be read by its owner only', async () => {
    const path = newPath()
    await using stack = new AsyncDisposableStack()
    stack.use(await openUsed(path))
    for (const name of readdirSync(join(path, '..'))) {
      expect([name, statSync(join(path, '..', name)).mode & 0o777]).toEqual([name, 0o600])
    }
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  test('that others could read is closed to them when it is opened', async () => {
    const path = join(folder, 'loose.db')
    writeFileSync(path, '', { mode: 0o644 })
    await using stack = new AsyncDisposableStack()
    stack.use(await openUsed(path))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('has its data when it is opened again', async () => {
    const path = newPath()
    const first = await openSqliteStores(path)
    await first.accounts.add([newAccountForTests('a', { tags: ['kept'] })], NOW)
    const before = await readAll(first.accounts)
    await first.close()
    const second = await openSqliteStores(path)
    expect(await readAll(second.accounts)).toEqual(before)
    await second.close()
  })

  test('shows what one connection wrote to another', async () => {
    const path = newPath()
    const [one, other] = [await openSqliteStores(path), await openSqliteStores(path)]
    await one.accounts.add([newAccountForTests('a')], NOW)
    await other.accounts.add([newAccountForTests('b')], NOW)
    expect(await readAll(one.accounts)).toEqual(await readAll(other.accounts))
    expect((await readAll(one.accounts)).map(({ revision }) => revision)).toEqual([1, 2])
    await Promise.all([one.close(), other.close()])
  })

  test('of a newer program is refused by a message that names it', async () => {
    const path = newPath()
    await (await openSqliteStores(path)).close()
    const file = new Database(path)
    file.run("insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030')")
    file.close()
    await expect(openSqliteStores(path)).rejects.toThrow(`the account file ${path} could not be brought`)
  })

  test('that is no database is refused and left as it is', async () => {
    const path = join(folder, 'notes.txt')
    writeFileSync(path, 'these are my notes, and not a database at all\n'.repeat(50))
    await expect(openSqliteStores(path)).rejects.toThrow('not a database')
    expect(readFileSync(path, 'utf8')).toStartWith('these are my notes')
  })
})

async function openUsed(path: string): Promise<AsyncDisposable> {
  const store = await openSqliteStores(path)
  await store.accounts.add([newAccountForTests('a')], NOW) // so that the files beside it are there
  return { [Symbol.asyncDispose]: () => store.close() }
}
