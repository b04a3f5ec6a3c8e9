import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOW } from '../../core/account-for-tests.ts'
import { describeAccountStore, newAccountForTests, readAll } from '../account-store-contract.ts'
import { openSqliteAccountStore } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'grok2api-sqlite-'))
let files = 0
const ADDED_PER_PROCESS = 20
const newPath = (): string => join(folder, `${++files}`, 'accounts.db')
afterAll(() => rmSync(folder, { recursive: true }))

describeAccountStore('the SQLite store in a file', () => openSqliteAccountStore(newPath()))
describeAccountStore('the SQLite store in memory', () => openSqliteAccountStore(':memory:'))

/** A process of its own that opens each of the files and adds accounts one by one; prints how many it added. */
async function addInAnotherProcess(paths: readonly string[], name: string): Promise<string> {
  const code = `
    import { newAccountForTests } from '${import.meta.dir}/../account-store-contract.ts'
    import { openSqliteAccountStore } from '${import.meta.dir}/sqlite.ts'
    let added = 0
    for (const path of ${JSON.stringify(paths)}) {
      const store = await openSqliteAccountStore(path)
      for (let n = 0; n < ${ADDED_PER_PROCESS}; n++) {
        const results = await store.add([newAccountForTests('${name} ' + n)], ${NOW})
        added += results.filter(({ outcome }) => outcome === 'added').length
      }
      await store.close()
    }
    console.log(added)`
  const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe', stderr: 'pipe' })
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return (await child.exited) === 0 ? output.trim() : complaint
}

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
    const first = await openSqliteAccountStore(path)
    await first.add([newAccountForTests('a', { tags: ['kept'] })], NOW)
    const before = await readAll(first)
    await first.close()
    const second = await openSqliteAccountStore(path)
    expect(await readAll(second)).toEqual(before)
    await second.close()
  })

  test('shows what one connection wrote to another', async () => {
    const path = newPath()
    const [one, other] = [await openSqliteAccountStore(path), await openSqliteAccountStore(path)]
    await one.add([newAccountForTests('a')], NOW)
    await other.add([newAccountForTests('b')], NOW)
    expect(await readAll(one)).toEqual(await readAll(other))
    expect((await readAll(one)).map(({ revision }) => revision)).toEqual([1, 2])
    await Promise.all([one.close(), other.close()])
  })

  test('loses nothing when processes open it for the first time and write at once', async () => {
    const paths = Array.from({ length: 6 }, newPath)
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => addInAnotherProcess(paths, name)))
    expect(outcomes).toEqual(outcomes.map(() => String(paths.length * ADDED_PER_PROCESS)))
    for (const path of paths) {
      const store = await openSqliteAccountStore(path)
      const accounts = await readAll(store)
      expect(accounts).toHaveLength(4 * ADDED_PER_PROCESS)
      expect(new Set(accounts.map(({ revision }) => revision)).size).toBe(4 * ADDED_PER_PROCESS)
      await store.close()
    }
  }, 30_000)

  test('of a newer program is refused by a message that names it', async () => {
    const path = newPath()
    await (await openSqliteAccountStore(path)).close()
    const file = new Database(path)
    file.run("insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030')")
    file.close()
    await expect(openSqliteAccountStore(path)).rejects.toThrow(
      `the account file ${path} could not be brought`,
    )
  })

  test('that is no database is refused and left as it is', async () => {
    const path = join(folder, 'notes.txt')
    writeFileSync(path, 'these are my notes, and not a database at all\n'.repeat(50))
    await expect(openSqliteAccountStore(path)).rejects.toThrow('not a database')
    expect(readFileSync(path, 'utf8')).toStartWith('these are my notes')
  })
})

async function openUsed(path: string): Promise<AsyncDisposable> {
  const store = await openSqliteAccountStore(path)
  await store.add([newAccountForTests('a')], NOW) // so that the files beside it are there
  return { [Symbol.asyncDispose]: () => store.close() }
}
