import { describe, expect, test } from 'bun:test'
import { accountForTests, NOW, windowForTests } from '../core/account-for-tests.ts'
import type { Account, AccountState } from '../core/account.ts'
import { hashCredential } from './credential.ts'
import { seededRandom } from './directory-for-tests.ts'
import { healthAt } from './feedback.ts'
import {
  accountFilter,
  accountSortKeys,
  queryAccounts,
  type AccountFilter,
  type AccountQuery,
  type AccountSortKey,
  type SortPlace,
} from './query-accounts.ts'

const cause = { code: 'operator', evidence: 'seen', at: NOW } as const
const states: readonly AccountState[] = [
  { status: 'active' },
  { status: 'cooling', until: NOW + 1, cause },
  { status: 'needs-login', cause },
  { status: 'suspended', cause },
  { status: 'disabled', cause },
]

const random = seededRandom(7)
const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value

const many = Array.from({ length: 500 }, (_, index) =>
  accountForTests({
    id: index + 1,
    tier: pick(['basic', 'super', 'heavy']),
    state: pick(states),
    tags: pick([[], ['nsfw'], ['nsfw', 'old']]),
    health: pick([1, 0.5, 0.1]),
    healthAt: NOW - pick([0, 1000, 90_000]),
    successCount: pick([0, 1, 2]),
    failureCount: pick([0, 5, 9]),
    lastUsedAt: pick([null, NOW - 5, NOW - 500]),
    createdAt: NOW - pick([1, 2, 3]),
    quota: { fast: windowForTests(pick([0, 4, 10]), { resetAt: pick([null, NOW - 1, NOW + 1]) }) },
  }),
)

function query(changes: Partial<AccountQuery> = {}): AccountQuery {
  return { filter: {}, sort: 'id', descending: false, limit: 100, ...changes }
}

/** All pages of a query, one after the other. */
function readPages(changes: Partial<AccountQuery>): Account[] {
  const found: Account[] = []
  let after: SortPlace | undefined
  for (let page = 0; page < 1000; page++) {
    const { accounts, next } = queryAccounts(many, query({ ...changes, after }), NOW)
    found.push(...accounts)
    if (!next) return found
    after = next
  }
  throw new Error('the pages do not end')
}

const idsOf = (accounts: readonly Account[]): number[] => accounts.map(({ id }) => id)

const orders: Readonly<Record<AccountSortKey, (account: Account) => number>> = {
  id: ({ id }) => id,
  created: ({ createdAt }) => createdAt,
  last_used: ({ lastUsedAt }) => lastUsedAt ?? 0,
  failures: ({ failureCount }) => failureCount,
  successes: ({ successCount }) => successCount,
  health: (account) => healthAt(account, NOW),
  remaining: ({ quota: { fast } }) => {
    if (!fast) return 0
    return fast.resetAt !== null && fast.resetAt < NOW ? fast.total : fast.remaining
  },
  tier: ({ tier }) => ['basic', 'super', 'heavy'].indexOf(tier),
  status: ({ state }) => states.findIndex(({ status }) => status === state.status),
}

describe.each([...accountSortKeys])('sorted by %s', (sort) => {
  const valueOf = orders[sort]
  const sorted = many.toSorted((a, b) => valueOf(a) - valueOf(b) || a.id - b.id)

  test.each([1, 7, 100, 499, 500, 1000])('pages of %d give every account once, in order', (limit) => {
    expect(idsOf(readPages({ sort, limit }))).toEqual(idsOf(sorted))
    expect(idsOf(readPages({ sort, limit, descending: true }))).toEqual(idsOf(sorted.toReversed()))
  })
})

describe('a page', () => {
  test('goes on where the last one ended although accounts have come and gone', () => {
    const first = queryAccounts(many, query({ limit: 10 }), NOW)
    const changed = [...many.filter(({ id }) => id !== 5 && id !== 10), accountForTests({ id: 501 })]
    const second = queryAccounts(changed, query({ limit: 10, after: first.next }), NOW)
    expect(idsOf(second.accounts)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  })

  test('counts what matches over all pages, and the kinds whatever the filter', () => {
    const all = queryAccounts(many, query(), NOW)
    const some = queryAccounts(many, query({ filter: { tiers: ['super'] }, limit: 1 }), NOW)
    expect(some.facets).toEqual(all.facets)
    expect(some.total).toBe(500)
    expect(some.matched).toBe(all.facets.tier.super)
    expect(Object.values(all.facets.status).reduce((sum, count) => sum + count)).toBe(500)
    expect(all.facets.nsfw).toBe(many.filter(({ tags }) => tags.includes('nsfw')).length)
  })

  test('has no deleted account', () => {
    const rows = [accountForTests({ state: { status: 'deleted', cause } }), accountForTests({ id: 2 })]
    expect(queryAccounts(rows, query(), NOW)).toMatchObject({ total: 1, matched: 1, accounts: [{ id: 2 }] })
  })

  test('of nothing is empty', () => {
    expect(queryAccounts([], query(), NOW)).toMatchObject({ accounts: [], total: 0, matched: 0 })
  })
})

const token = 'eyJ-the-whole-token'
const known = accountForTests({
  id: 42,
  tier: 'super',
  label: 'Main (Team.A)',
  email: 'Someone@Mail.test',
  notes: 'bought in May',
  tags: ['nsfw', 'Spare'],
  groups: ['team-a'],
  credentialHash: hashCredential(token),
})

describe('a filter', () => {
  test.each<[AccountFilter]>([
    [{}],
    [{ search: '' }],
    [{ search: ' (team.a) ' }],
    [{ search: 'SOMEONE@' }],
    [{ search: 'in may' }],
    [{ search: 'spare' }],
    [{ search: '42' }],
    [{ search: token }],
    [{ tiers: ['basic', 'super'] }],
    [{ statuses: ['active'] }],
    [{ tag: 'nsfw' }],
    [{ group: 'team-a' }],
    [{ mode: 'fast' }],
    [{ search: 'main', tiers: ['super'], tag: 'nsfw', group: 'team-a', statuses: ['active'] }],
  ])('%j finds the account', (filter) => {
    expect(accountFilter(filter)(known)).toBe(true)
  })

  test.each<[AccountFilter]>([
    [{ search: '4' }],
    [{ search: 'eyJ' }],
    [{ search: 'token' }],
    [{ search: 'team-a' }],
    [{ search: '.*' }],
    [{ search: known.credentialHash.slice(0, 8) }],
    [{ tiers: ['heavy'] }],
    [{ statuses: ['disabled'] }],
    [{ tag: 'nsf' }],
    [{ group: 'team' }],
    [{ mode: 'heavy' }],
    [{ search: 'main', tiers: ['basic'] }],
  ])('%j does not', (filter) => {
    expect(accountFilter(filter)(known)).toBe(false)
  })
})

test('what is left is counted in queries, so that a weekly pool does not drown them', () => {
  const weekly = windowForTests(9000, { total: 10_000 })
  const accounts = [
    accountForTests({ id: 1, tier: 'super', quota: { fast: windowForTests(2), weekly } }),
    accountForTests({ id: 2, tier: 'super', quota: { fast: windowForTests(5) } }),
  ]
  const first = (filter: AccountFilter): number | undefined =>
    queryAccounts(accounts, query({ sort: 'remaining', descending: true, filter }), NOW).accounts[0]?.id
  expect([first({}), first({ mode: 'weekly' })]).toEqual([2, 1])
})
