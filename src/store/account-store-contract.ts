import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { accountForTests, NOW } from '../core/account-for-tests.ts'
import type { Account } from '../core/account.ts'
import { testMerging, testRoundTrips } from './account-save-contract.ts'
import { CredentialTakenError, FIRST_CURSOR, type AccountStore, type Stores } from './contract.ts'
import { rejectionOf } from './rejection-for-tests.ts'
import {
  addOne,
  changeForTests,
  deletedForTests,
  markDeleted,
  newAccountForTests,
  newAccountsForTests,
  readAll,
  readOne,
} from './stored-accounts-for-tests.ts'

/** Everything read page by page, with what `between` does after each page. */
async function readPages(
  store: AccountStore,
  pageSize: number,
  between: (page: number) => Promise<unknown> = async () => undefined,
): Promise<Account[]> {
  const seen: Account[] = []
  let cursor = FIRST_CURSOR
  for (let page = 1; page < 100; page++) {
    const next = await store.changesSince(cursor, pageSize)
    if (next.accounts.length === 0) return seen
    expect(next.accounts.length).toBeLessThanOrEqual(pageSize)
    seen.push(...next.accounts)
    cursor = next.cursor
    await between(page)
  }
  throw new Error('the pages never end')
}

/** The promises of every account store; `open` gives an empty one. */
export function describeAccountStore(
  name: string,
  open: () => Promise<Pick<Stores, 'accounts' | 'close'>>,
): void {
  describe(name, () => {
    let store: AccountStore
    let close: () => Promise<void>
    beforeEach(async () => {
      const stores = await open()
      store = stores.accounts
      close = () => stores.close()
    })
    afterEach(() => close())
    describe('adding', () => testAdding(() => store))
    describe('adding what was deleted', () => testReviving(() => store))
    describe('saving', () => testSaving(() => store))
    describe('merging', () => testMerging(() => store))
    describe('what comes back', () => testRoundTrips(() => store))
    describe('reading changes', () => testChanges(() => store))
    describe('the store itself', () => testWhole(() => store))
  })
}

function testAdding(store: () => AccountStore): void {
  test('gives every new account an id, in the order of the input, and starts it afresh', async () => {
    const added = await store().add(newAccountsForTests(3), NOW)
    expect(added.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'added'])
    expect(new Set(added.map(({ id }) => id)).size).toBe(3)
    const accounts = await readAll(store())
    expect(accounts.map(({ id }) => id)).toEqual(added.map(({ id }) => id))
    expect(accounts[1]).toEqual({
      ...accountForTests({ id: added[1]?.id ?? 0 }),
      ...newAccountForTests(1),
      revision: accounts[0]?.revision ?? 0,
    })
  })

  test('leaves an account that is there already as it is', async () => {
    const [first] = await store().add([newAccountForTests('a')], NOW)
    const [again] = await store().add([newAccountForTests('a', { tier: 'heavy', tags: ['new'] })], NOW + 5)
    expect(again).toEqual({ id: first?.id ?? 0, outcome: 'existing' })
    expect(await readAll(store())).toMatchObject([{ tier: 'basic', tags: [], updatedAt: NOW }])
  })

  test('takes an account that the input has twice only once', async () => {
    const input = [newAccountForTests('a'), newAccountForTests('b'), newAccountForTests('a')]
    const added = await store().add(input, NOW)
    expect(added.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'existing'])
    expect(added[2]?.id).toBe(added[0]?.id ?? 0)
    expect(await store().count()).toBe(2)
  })

  test('of nothing adds nothing', async () => {
    expect(await store().add([], NOW)).toEqual([])
    expect(await store().count()).toBe(0)
  })
}

function testReviving(store: () => AccountStore): void {
  test('keeps the id and starts everything else afresh, with what is added now', async () => {
    const [first] = await store().add([newAccountForTests('a')], NOW)
    const id = first?.id ?? 0
    await store().save([changeForTests(await readOne(store(), id), { failureCount: 9, health: 0.1 })], NOW)
    await markDeleted(store(), id)
    const anew = newAccountForTests('a', { sealedCredential: 'anew', tier: 'super', tags: ['back'] })
    expect(await store().add([anew], NOW + 7)).toEqual([{ id, outcome: 'revived' }])
    const { revision } = await readOne(store(), id)
    const times = { createdAt: NOW + 7, updatedAt: NOW + 7, healthAt: NOW + 7 }
    expect(await readAll(store())).toEqual([{ ...accountForTests({ id }), ...anew, ...times, revision }])
  })

  test('twice in one call revives it once', async () => {
    const [first] = await store().add([newAccountForTests('a')], NOW)
    await markDeleted(store(), first?.id ?? 0)
    const added = await store().add([newAccountForTests('a'), newAccountForTests('a')], NOW)
    expect(added.map(({ outcome }) => outcome)).toEqual(['revived', 'existing'])
  })

  test('shows it to a reader who has seen it deleted', async () => {
    const [first] = await store().add([newAccountForTests('a')], NOW)
    await markDeleted(store(), first?.id ?? 0)
    const { cursor } = await store().changesSince(FIRST_CURSOR, 10)
    await store().add([newAccountForTests('a')], NOW)
    const { accounts } = await store().changesSince(cursor, 10)
    expect(accounts).toMatchObject([{ state: { status: 'active' } }])
  })
}

function testSaving(store: () => AccountStore): void {
  test('passes over ids that are not stored', async () => {
    const nobody = accountForTests({ id: 12_345 })
    expect(await store().save([changeForTests(nobody, { label: 'new' })], NOW)).toEqual([])
    expect(await readAll(store())).toEqual([])
  })

  test('of nothing saves nothing', async () => {
    expect(await store().save([], NOW)).toEqual([])
  })

  test('never brings a deleted account back: that is a late write of what was in use', async () => {
    const before = await addOne(store())
    await markDeleted(store(), before.id)
    expect(await store().save([changeForTests(before, { successCount: 1 })], NOW + 1)).toEqual([])
    expect((await readOne(store(), before.id)).state).toEqual(deletedForTests)
    expect(await store().count()).toBe(0)
  })

  test('takes the next revision with every write, stamps the rows with it, and returns them', async () => {
    await store().add(newAccountsForTests(2), NOW)
    const [first, second] = await readAll(store())
    if (!first || !second) throw new Error('two accounts were added')
    const change = (account: Account) => changeForTests(account, { label: 'new' })
    const saved = [
      ...(await store().save([change(first)], NOW + 1)),
      ...(await store().save([change(second)], NOW + 1)),
      ...(await store().save([change(first), change(second)], NOW + 2)),
    ]
    expect(saved.map(({ revision }) => revision - first.revision)).toEqual([1, 2, 3, 3])
    expect(await readAll(store())).toEqual(saved.slice(2))
    expect(saved.at(-1)).toMatchObject({ label: 'new', updatedAt: NOW + 2 })
  })

  test('500 changes in one call writes all of them', async () => {
    await store().add(newAccountsForTests(600), NOW)
    const all = await readAll(store())
    const saved = await store().save(
      all.slice(0, 500).map((account) => changeForTests(account, { label: `label ${account.id}` })),
      NOW,
    )
    expect(saved).toHaveLength(500)
    const labels = (await store().find(all.map(({ id }) => id))).map(({ label }) => label !== '')
    expect(labels).toEqual(all.map((_, n) => n < 500))
  })

  test('finds an account by its new credential after that was replaced', async () => {
    const account = await addOne(store(), 'old')
    await store().save([changeForTests(account, { credentialHash: 'hash new' })], NOW)
    const added = await store().add([newAccountForTests('new'), newAccountForTests('old')], NOW)
    expect(added.map(({ outcome }) => outcome)).toEqual(['existing', 'added'])
  })

  test('refuses a new credential that is that of another account, and saves nothing of the call', async () => {
    const [one, other] = [await addOne(store(), 'one'), await addOne(store(), 'other')]
    const steal = changeForTests(one, { credentialHash: other.credentialHash })
    const innocent = changeForTests(other, { label: 'new' })
    expect(await rejectionOf(store().save([innocent, steal], NOW))).toBeInstanceOf(CredentialTakenError)
    expect(await readAll(store())).toEqual([one, other])
    const both = [one, other].map((account) => changeForTests(account, { credentialHash: 'same' }))
    expect(await rejectionOf(store().save(both, NOW))).toBeInstanceOf(CredentialTakenError)
  })
}

function testChanges(store: () => AccountStore): void {
  test('12,000 accounts added in one call are all seen with pages of 5,000', async () => {
    await store().add(newAccountsForTests(12_000), NOW)
    const seen = await readPages(store(), 5000)
    expect(seen).toHaveLength(12_000)
    expect(new Set(seen.map(({ credentialHash }) => credentialHash)).size).toBe(12_000)
  })

  test('rows that are written between two pages are neither lost nor skipped', async () => {
    await store().add(newAccountsForTests(100), NOW)
    const before = await readAll(store())
    const change = async (page: number): Promise<void> => {
      if (page > 3) return
      // one that was seen already, one that was not, and a new one
      const touched = [before[page], before[99 - page]].filter((account) => account !== undefined)
      const tags = [`page ${page}`]
      for (const account of touched) await store().save([changeForTests(account, { tags })], NOW)
      await store().add([newAccountForTests(`new ${page}`)], NOW)
    }
    const seen = new Map((await readPages(store(), 10, change)).map((account) => [account.id, account]))
    expect([...seen.values()].sort((a, b) => a.id - b.id)).toEqual(
      [...(await readAll(store()))].sort((a, b) => a.id - b.id),
    )
    expect(seen.size).toBe(103)
  })

  test('come oldest first, and an empty page leaves the cursor where it is', async () => {
    await store().add(newAccountsForTests(3), NOW)
    const [first] = await readAll(store())
    if (first) await store().save([changeForTests(first, { label: 'new' })], NOW)
    const { accounts, cursor } = await store().changesSince(FIRST_CURSOR, 10)
    expect(accounts.at(-1)?.id).toBe(first?.id ?? 0)
    expect(await store().changesSince(cursor, 10)).toEqual({ accounts: [], cursor })
  })

  test('show deleted rows, too, so that readers can drop them', async () => {
    const [added] = await store().add([newAccountForTests('a')], NOW)
    await markDeleted(store(), added?.id ?? 0)
    expect(await readAll(store())).toMatchObject([{ state: { status: 'deleted' } }])
  })
}

function testWhole(store: () => AccountStore): void {
  test('counts the accounts that are not deleted', async () => {
    expect(await store().count()).toBe(0)
    const added = await store().add(newAccountsForTests(3), NOW)
    await markDeleted(store(), added[1]?.id ?? 0)
    expect(await store().count()).toBe(2)
  })

  test('finds rows by their ids, deleted ones, too, and passes over others', async () => {
    const added = await store().add(newAccountsForTests(3), NOW)
    const ids = added.map(({ id }) => id)
    await markDeleted(store(), ids[1] ?? 0)
    const found = await store().find([...ids.toReversed().slice(1), 99_999])
    expect(found.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect(await store().find([])).toEqual([])
  })

  test('purges what was deleted before a time, and never gives its id again', async () => {
    const ids = (await store().add(newAccountsForTests(3), NOW)).map(({ id }) => id)
    await markDeleted(store(), ids[1] ?? 0, NOW)
    await markDeleted(store(), ids[2] ?? 0, NOW + 10)
    expect(await store().purge(NOW)).toBe(0)
    expect(await store().purge(NOW + 10)).toBe(1)
    expect((await readAll(store())).map(({ id }) => id)).toEqual([ids[0] ?? 0, ids[2] ?? 0])
    await store().purge(NOW + 11)
    const [again] = await store().add([newAccountForTests(1)], NOW)
    expect(again?.outcome).toBe('added')
    expect(ids).not.toContain(again?.id ?? 0)
  })

  test('answers when it is asked whether it is there', () => store().ping())

  test('keeps every write of many at once, each with its own revision', async () => {
    const results = await Promise.all(newAccountsForTests(30).map((account) => store().add([account], NOW)))
    expect(new Set(results.flat().map(({ id }) => id)).size).toBe(30)
    expect(new Set((await readAll(store())).map(({ revision }) => revision)).size).toBe(30)
  })
}
