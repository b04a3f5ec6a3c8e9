import { expect, test } from 'bun:test'
import { NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account, AccountState } from '../core/account.ts'
import type { AccountStore } from './contract.ts'
import { addOne, changeForTests, deletedForTests, readOne } from './stored-accounts-for-tests.ts'

/** For the contract: what becomes of changes by several processes that saw the same row. */
export function testMerging(store: () => AccountStore): void {
  test('adds up what two who saw the same row have spent and counted', async () => {
    const base = await addOne(store())
    const fast = windowForTests(10)
    const [row] = await store().save([changeForTests(base, { quota: { fast } })], NOW)
    if (!row) throw new Error('it was saved')
    const use = (times: number) =>
      changeForTests(row, { quota: { fast: { ...fast, remaining: 10 - times } }, successCount: times })
    await store().save([use(3)], NOW)
    const [merged] = await store().save([use(4)], NOW)
    expect(merged).toMatchObject({ successCount: 7, quota: { fast: { remaining: 3 } } })
    expect(await readOne(store(), row.id)).toEqual(merged ?? row)
  })

  test('keeps what others changed where the change changed nothing', async () => {
    const base = await addOne(store())
    await store().save([changeForTests(base, { label: 'theirs', tags: ['theirs'] })], NOW)
    await store().save([changeForTests(base, { notes: 'ours', tags: ['ours'] })], NOW)
    expect(await readOne(store(), base.id)).toMatchObject({ label: 'theirs', notes: 'ours', tags: ['ours'] })
  })

  test('takes two changes of one account in one call one after the other', async () => {
    const base = await addOne(store())
    const change = changeForTests(base, { failureCount: 2 })
    const saved = await store().save([change, change], NOW)
    expect(saved).toMatchObject([{ failureCount: 4 }])
  })

  test('of many at once loses nothing', async () => {
    const base = await addOne(store())
    const change = changeForTests(base, { successCount: 1 })
    await Promise.all(Array.from({ length: 25 }, () => store().save([change], NOW)))
    expect((await readOne(store(), base.id)).successCount).toBe(25)
  })
}

const anyCause = { code: 'rate_limited', evidence: 'a "quoted" ünïcode 🦄', at: NOW + 1 } as const
const states: readonly AccountState[] = [
  { status: 'active' },
  { status: 'cooling', until: NOW + 30_000, cause: anyCause },
  { status: 'needs-login', cause: anyCause },
  { status: 'suspended', cause: anyCause },
  { status: 'disabled', cause: { ...anyCause, code: 'operator' } },
  deletedForTests,
]

const everyOtherField: Partial<Account> = {
  credentialHash: 'f'.repeat(64),
  sealedCredential: 's'.repeat(20_000),
  tier: 'heavy',
  label: 'a label',
  notes: 'two\nlines',
  groups: ['one', 'two'],
  tags: ['nsfw', 'with "quotes"', "o'clock", 'back\\slash', 'ünïcode 🦄', ''],
  priority: -3,
  maxInFlight: 2,
  pinnedTier: 'super',
  sealedProxyUrl: 'sealed proxy',
  email: 'somebody@example.org',
  upstreamUserId: 'user-1',
  tierDoubt: { tier: 'basic', count: 1 },
  syncedAt: NOW - 5,
  history: [{ from: 'active', to: 'cooling', cause: anyCause }],
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
}

/** For the contract: what is saved comes back as it was. */
export function testRoundTrips(store: () => AccountStore): void {
  async function roundTrip(changes: Partial<Account>): Promise<void> {
    const change = changeForTests(await addOne(store()), changes)
    const [saved] = await store().save([change], NOW + 1)
    const revision = change.base.revision + 1
    expect(saved).toEqual({ ...change.next, updatedAt: NOW + 1, revision })
    expect(await readOne(store(), change.next.id)).toEqual(saved ?? change.next)
  }

  for (const state of states) {
    test(`the state ${state.status} comes back as it was saved`, () => roundTrip({ state }))
  }

  test('every other field comes back as it was saved', () => roundTrip(everyOtherField))
}
