import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account, AccountState, NewAccount } from '../core/account.ts'
import { defaultQuota } from '../core/quota.ts'
import { FIRST_CURSOR, type AccountStore } from './contract.ts'

/** For tests: an account that is not stored yet. */
export function newAccountForTests(name: string | number, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    credentialHash: `hash ${name}`,
    sealedCredential: `sealed ${name}`,
    tier: 'basic',
    tags: [],
    quota: defaultQuota('basic'),
    ...changes,
  }
}

/** For tests: so many accounts that are not stored yet. */
export function newAccountsForTests(count: number): NewAccount[] {
  return Array.from({ length: count }, (_, n) => newAccountForTests(n))
}

/** For tests: everything in a store, deleted rows included. */
export async function readAll(store: AccountStore): Promise<readonly Account[]> {
  return (await store.changesSince(FIRST_CURSOR, 100_000)).accounts
}

async function readOne(store: AccountStore, id: number): Promise<Account> {
  const account = (await readAll(store)).find((account) => account.id === id)
  if (!account) throw new Error(`no account ${id}`)
  return account
}

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

const deleted: AccountState = { status: 'deleted', cause: { code: 'operator', evidence: 'removed', at: NOW } }

async function markDeleted(store: AccountStore, id: number): Promise<void> {
  await store.save([{ ...(await readOne(store, id)), state: deleted }], NOW)
}

/** The promises of every account store; `open` gives an empty one. */
export function describeAccountStore(name: string, open: () => Promise<AccountStore>): void {
  describe(name, () => {
    let store: AccountStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())
    describe('adding', () => testAdding(() => store))
    describe('adding what was deleted', () => testReviving(() => store))
    describe('saving', () => testSaving(() => store))
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
    await store().save(
      [{ ...accountForTests({ id }), ...newAccountForTests('a'), failureCount: 9, health: 0.1 }],
      NOW,
    )
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
    await store().save([accountForTests({ id: 12_345 })], NOW)
    expect(await readAll(store())).toEqual([])
  })

  test('never brings a deleted account back: that is a late write of what was in use', async () => {
    const [first] = await store().add([newAccountForTests('a')], NOW)
    const before = await readOne(store(), first?.id ?? 0)
    await markDeleted(store(), before.id)
    await store().save([{ ...before, successCount: 1 }], NOW + 1)
    expect((await readOne(store(), before.id)).state).toEqual(deleted)
    expect(await store().count()).toBe(0)
  })

  test('takes the next revision with every write, and stamps the rows with it', async () => {
    await store().add(newAccountsForTests(2), NOW)
    const [first, second] = await readAll(store())
    if (!first || !second) throw new Error('two accounts were added')
    const revisions = [first.revision]
    for (const account of [first, second]) revisions.push(await store().save([account], NOW + 1))
    revisions.push(await store().save([first, second], NOW + 2))
    expect(revisions).toEqual([0, 1, 2, 3].map((n) => first.revision + n))
    expect(await readAll(store())).toMatchObject([
      { id: first.id, revision: revisions[3] ?? 0, updatedAt: NOW + 2 },
      { id: second.id, revision: revisions[3] ?? 0, updatedAt: NOW + 2 },
    ])
  })

  test('finds an account by its new credential after that was replaced', async () => {
    await store().add([newAccountForTests('old')], NOW)
    const [account] = await readAll(store())
    if (!account) throw new Error('an account was added')
    await store().save([{ ...account, credentialHash: 'hash new' }], NOW)
    const added = await store().add([newAccountForTests('new'), newAccountForTests('old')], NOW)
    expect(added.map(({ outcome }) => outcome)).toEqual(['existing', 'added'])
  })
}

const anyCause = { code: 'rate_limited', evidence: 'a "quoted" ünïcode 🦄', at: NOW + 1 } as const
const states: readonly AccountState[] = [
  { status: 'active' },
  { status: 'cooling', until: NOW + 30_000, cause: anyCause },
  { status: 'needs-login', cause: anyCause },
  { status: 'suspended', cause: anyCause },
  { status: 'disabled', cause: { ...anyCause, code: 'operator' } },
  deleted,
]

function testRoundTrips(store: () => AccountStore): void {
  async function roundTrip(changes: Partial<Account>): Promise<void> {
    const [added] = await store().add([newAccountForTests('a')], NOW)
    const account = accountForTests({ id: added?.id ?? 0, ...changes })
    const revision = await store().save([account], NOW + 1)
    expect(await readOne(store(), account.id)).toEqual({ ...account, updatedAt: NOW + 1, revision })
  }

  for (const state of states) {
    test(`the state ${state.status} comes back as it was saved`, () => roundTrip({ state }))
  }

  test('every other field comes back as it was saved', () =>
    roundTrip({
      credentialHash: 'f'.repeat(64),
      sealedCredential: 's'.repeat(20_000),
      tier: 'heavy',
      tags: ['nsfw', 'with "quotes"', "o'clock", 'ünïcode 🦄', ''],
      health: 0.123456789012345,
      healthAt: NOW - 1,
      streak: { count: 2, startedAt: NOW - 500 },
      coolings: 4,
      modeCooldowns: {
        auto: { until: NOW + 9, cause: anyCause },
        'grok-420-computer-use-sa': { until: 1, cause: anyCause },
      },
      quota: {
        fast: windowForTests(3, { resetAt: NOW + 1, syncedAt: NOW, source: 'real' }),
        heavy: windowForTests(0),
      },
      successCount: 2 ** 40,
      failureCount: 17,
      lastUsedAt: NOW + 123,
      lastFailure: anyCause,
      createdAt: NOW - 99_999,
    }))
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
      for (const account of touched) await store().save([{ ...account, tags }], NOW)
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
    if (first) await store().save([first], NOW)
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

  test('answers when it is asked whether it is there', () => store().ping())

  test('keeps every write of many at once, each with its own revision', async () => {
    const results = await Promise.all(newAccountsForTests(30).map((account) => store().add([account], NOW)))
    expect(new Set(results.flat().map(({ id }) => id)).size).toBe(30)
    expect(new Set((await readAll(store())).map(({ revision }) => revision)).size).toBe(30)
  })
}
